//! `hookctl events diff`.

use serde::Serialize;

use super::chosen::find;
use crate::cli::DiffEventsArgs;
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::history::{BodyForm, Comparison, Difference, compare_events};
use crate::json;
use crate::model::Event;
use crate::output::{self, Palette, Role, one_line, unified, untrusted};

/// Places are cut here, and values.
const MAX_PLACE: usize = 120;
const MAX_VALUE: usize = 200;

/// Runs the command.
pub(super) fn run(args: &DiffEventsArgs, context: &Context) -> Outcome {
    let reader = context.reader()?;
    let (before, after) = (find(&reader, &args.before)?, find(&reader, &args.after)?);
    let comparison = compare_events(&before.event, &after.event);
    let exit = if comparison.differences.is_empty() { Exit::Done } else { Exit::No };
    let shown = if context.json() {
        comparison.differences.iter().try_for_each(|difference| print_line(difference, context))
    } else {
        people(&before.event, &after.event, &comparison, args, context)
    };
    if let Err(failure) = shown {
        return failure.unless_closed(exit);
    }
    if comparison.is_cut {
        context.say("there are more differences than are shown");
    }
    if comparison.differences.is_empty() {
        let same = before.event.request.body == after.event.request.body;
        let but = if same { "" } else { "; the bodies differ in layout or the order of keys only" };
        context.say(&format!("no difference{but}"));
    }
    Ok(exit)
}

fn print_line(difference: &Difference, context: &Context) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Line<'d> {
        place: &'d str,
        kind: &'d str,
        before: Option<String>,
        after: Option<String>,
        spelling: bool,
    }
    // Bytes that are no text are written as `\xff`.
    let text = |value: &Option<Vec<u8>>| {
        value.as_ref().map(|bytes| String::from_utf8(bytes.clone()).unwrap_or_else(|_| untrusted(bytes)))
    };
    let Difference { place, before, after, is_spelling } = difference;
    let (before, after) = (text(before), text(after));
    let line = Line { place, kind: difference.kind(), before, after, spelling: *is_spelling };
    context.print_item("difference", &line)
}

fn people(
    before: &Event,
    after: &Event,
    comparison: &Comparison,
    args: &DiffEventsArgs,
    context: &Context,
) -> Result<(), Failure> {
    let palette = Palette::new(context.color());
    let is_text = comparison.form == BodyForm::Text;
    for difference in &comparison.differences {
        if is_text && difference.place == "body" {
            output::print(format!("{} body\n", palette.paint(Role::Warning, "~")))?;
            if !args.full {
                output::print(bodies(before, after, args, palette))?;
            }
        } else {
            output::print(line(difference, palette))?;
        }
    }
    if args.full && comparison.form != BodyForm::Binary {
        output::print(bodies(before, after, args, palette))?;
    }
    Ok(())
}

/// `~ json:/data/id  1 → 2`
fn line(difference: &Difference, palette: Palette) -> String {
    let (sign, role) = match difference.kind() {
        "added" => ("+", Role::Good),
        "removed" => ("-", Role::Bad),
        _ => ("~", Role::Warning),
    };
    let value = |value: &Option<Vec<u8>>| value.as_ref().map(|bytes| one_line(bytes, MAX_VALUE));
    let values: Vec<String> = [value(&difference.before), value(&difference.after)].into_iter().flatten().collect();
    let same = if difference.is_spelling {
        palette.paint(Role::Dim, "  (the same, spelled differently)")
    } else {
        String::new()
    };
    let (sign, place) = (palette.paint(role, sign), palette.paint(Role::Key, &one_line(&difference.place, MAX_PLACE)));
    format!("{sign} {place}  {}{same}\n", values.join(&palette.paint(Role::Dim, " → ")))
}

/// Both bodies as one diff, JSON laid out so that it has lines.
fn bodies(before: &Event, after: &Event, args: &DiffEventsArgs, palette: Palette) -> String {
    let text = |event: &Event| {
        let body = &event.request.body;
        let text = json::indented(body, 2).unwrap_or_else(|| body.to_vec());
        String::from_utf8_lossy(&text).into_owned()
    };
    let context = if args.full {
        usize::MAX
    } else if args.differences_only {
        0
    } else {
        output::CONTEXT_LINES
    };
    unified(&text(before), &text(after), context, palette)
}
