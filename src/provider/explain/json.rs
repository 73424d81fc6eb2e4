//! The JSON body that was parsed and written again: what was signed is looked for in each serialiser's hand.

use super::mutation::{Mutation, Part, Undo};
use crate::json::{Escapes, compact, escaped, indented, sorted, spaced};

const fn json(id: &'static str, what: &'static str, undo: fn(&[u8]) -> Option<Vec<u8>>) -> Mutation {
    Mutation { id, part: Part::Body, what, cure: "", undo: Undo::Json(undo) }
}

/// By layout, then by escapes, then by order.
pub(super) const WRITTEN_AGAIN: [Mutation; 18] = [
    json("json.compact", "the JSON body was parsed and written again (it was signed without white space)", compact),
    json(
        "json.spaced",
        "the JSON body was parsed and written again (it was signed with a blank behind `,` and `:`, as Python writes)",
        spaced,
    ),
    json(
        "json.indent_2",
        "the JSON body was parsed and written again (it was signed with lines indented by 2)",
        |body| indented(body, 2),
    ),
    json(
        "json.indent_4",
        "the JSON body was parsed and written again (it was signed with lines indented by 4)",
        |body| indented(body, 4),
    ),
    json(
        "json.unescaped",
        "the JSON body was parsed and written again (it was signed without `\\u` and `\\/` escapes, as JavaScript and Ruby write)",
        |body| escaped(&compact(body)?, Escapes::Needed),
    ),
    json(
        "json.spaced_ascii",
        "the JSON body was parsed and written again (it was signed as Python's `json.dumps` writes, with `\\u` escapes)",
        |body| escaped(&spaced(body)?, Escapes::Ascii),
    ),
    json(
        "json.ascii",
        "the JSON body was parsed and written again (it was signed with `\\u` escapes for all but ASCII)",
        |body| escaped(&compact(body)?, Escapes::Ascii),
    ),
    json(
        "json.php",
        "the JSON body was parsed and written again (it was signed as PHP's `json_encode` writes, with `\\/` and `\\u` escapes)",
        |body| escaped(&compact(body)?, Escapes::Php),
    ),
    json(
        "json.slashes",
        "the JSON body was parsed and written again (it was signed with `\\/` for `/`, as PHP writes)",
        |body| escaped(&compact(body)?, Escapes::Slashes),
    ),
    json(
        "json.html",
        "the JSON body was parsed and written again (it was signed with `\\u003c` for `<`, as Go and Rails write)",
        |body| escaped(&compact(body)?, Escapes::Html),
    ),
    json(
        "json.spaced_unescaped",
        "the JSON body was parsed and written again (it was signed as Python writes with `ensure_ascii=False`)",
        |body| escaped(&spaced(body)?, Escapes::Needed),
    ),
    json(
        "json.indent_4_php",
        "the JSON body was parsed and written again (it was signed as PHP's `JSON_PRETTY_PRINT` writes)",
        |body| escaped(&indented(body, 4)?, Escapes::Php),
    ),
    json("json.sorted", "the JSON body was parsed and written again (it was signed with its keys in order)", sorted),
    json(
        "json.sorted_unescaped",
        "the JSON body was parsed and written again (it was signed with its keys in order and without `\\u` escapes)",
        |body| escaped(&sorted(body)?, Escapes::Needed),
    ),
    json(
        "json.sorted_html",
        "the JSON body was parsed and written again (it was signed as Go writes a map, with its keys in order and `\\u003c` for `<`)",
        |body| escaped(&sorted(body)?, Escapes::Html),
    ),
    json(
        "json.sorted_ascii",
        "the JSON body was parsed and written again (it was signed with its keys in order and `\\u` escapes)",
        |body| escaped(&sorted(body)?, Escapes::Ascii),
    ),
    json(
        "json.sorted_spaced",
        "the JSON body was parsed and written again (it was signed as Python writes with `sort_keys=True`)",
        |body| escaped(&spaced(&sorted(body)?)?, Escapes::Ascii),
    ),
    json(
        "json.sorted_indent_2",
        "the JSON body was parsed and written again (it was signed with its keys in order and lines indented by 2)",
        |body| indented(&sorted(body)?, 2),
    ),
];
