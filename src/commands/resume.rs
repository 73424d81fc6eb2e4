//! What earlier runs of `hookctl listen` left waiting for its targets.

use std::sync::Arc;

use super::Context;
use crate::cli::ListenArgs;
use crate::error::Failure;
use crate::listener::Options;
use crate::store::Reader;

/// Takes it over with `--resume`, and says that it is there without.
pub(super) async fn earlier(args: &ListenArgs, options: &Options, context: &Context) -> Result<(), Failure> {
    let Some(store) = options.store.as_ref().filter(|_| !options.destinations.is_empty()) else { return Ok(()) };
    for destination in &options.destinations {
        let target = destination.target.to_string();
        let count = if args.resume {
            store.take_over(Arc::from(target.as_str())).await?
        } else {
            Reader::open(store.path())?.left_behind(&target)?
        };
        match (count, args.resume) {
            (0, _) => {}
            (1, true) => context.say(&format!("1 event of an earlier run goes to {target} first")),
            (1, false) => {
                context.say(&format!("1 event of an earlier run waits for {target}: --resume forwards it first"));
            }
            (_, true) => context.say(&format!("{count} events of an earlier run go to {target} first")),
            (_, false) => {
                context
                    .say(&format!("{count} events of an earlier run wait for {target}: --resume forwards them first"));
            }
        }
    }
    Ok(())
}
