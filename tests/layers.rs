//! The table of layers: imports point down only, and modules on one line never import each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// From the bottom. The command layer has an order of its own: each line may use those above it here.
const LAYERS: [&[&str]; 11] = [
    &["model", "json", "private"],
    &["provider", "output", "store", "http"],
    &["delivery", "history", "keys", "registration"],
    &["listener", "inspector", "mock", "load", "relay"],
    &["error"],
    &["folders"],
    &["cli"],
    &["settings"],
    &["commands"],
    &["lib"],
    &["main"],
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The sources below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        // Tests that have a file or a folder of their own.
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of every file, without its comments and tests, by path below `src`.
fn code() -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    files(&source(), &mut paths);
    paths.sort();
    assert!(paths.len() > 50, "only {} files were found", paths.len());
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.strip_prefix(source()).unwrap().to_owned(), without_tests(&text))
    };
    paths.into_iter().map(read).collect()
}

/// Unit tests stand at the end of a file.
fn without_tests(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn module_of(path: &Path) -> String {
    let first = path.components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Top-level modules named behind `crate::`, also in `use crate::{a, b::c}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => found.extend(items(list)),
            None => found.extend(word(rest)),
        }
    }
    found
}

/// The first words of a list's items, at its own depth only.
fn items(list: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    let mut at_start = true;
    for (index, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            character if at_start && !character.is_whitespace() => {
                found.extend(word(&list[index..]));
                at_start = false;
            }
            _ => {}
        }
    }
    found
}

/// A module name; types and macros of the crate's root are none.
fn word(text: &str) -> Option<String> {
    let word: String =
        text.chars().take_while(|character| character.is_ascii_lowercase() || *character == '_').collect();
    (!word.is_empty() && !text[word.len()..].starts_with('!')).then_some(word)
}

#[test]
fn imports_are_read_in_every_form() {
    let code =
        "use crate::model::X;\nuse crate::{json, output::{self, print}, http::Client};\nlet x = crate::load::fire();";
    let expected = ["http", "json", "load", "model", "output"].map(str::to_owned);
    assert_eq!(imports(code), BTreeSet::from(expected));
}

#[test]
fn every_module_has_its_place_in_the_table() {
    for (path, _) in code() {
        let module = module_of(&path);
        assert!(layer_of(&module).is_some(), "{} belongs to no layer: add `{module}` to the table", path.display());
    }
}

#[test]
fn imports_point_down_and_never_sideways() {
    let mut wrong = Vec::new();
    for (path, code) in code() {
        let module = module_of(&path);
        let Some(own) = layer_of(&module) else { continue };
        for import in imports(&code).into_iter().filter(|import| *import != module) {
            match layer_of(&import) {
                Some(layer) if layer < own => {}
                Some(_) => wrong.push(format!("{} imports {import}, which is not below {module}", path.display())),
                None => wrong.push(format!("{} imports {import}, which is in no layer", path.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_output_writes_to_the_standard_streams() {
    let mut wrong = Vec::new();
    for (path, code) in code().into_iter().filter(|(path, _)| module_of(path) != "output") {
        for writer in ["println!", "print!", "dbg!", "io::stdout().write", "io::stderr().write"] {
            if code.contains(writer) {
                wrong.push(format!("{} uses {writer}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_code_is_written_for_one_provider() {
    let mut providers: Vec<String> = hookctl::provider::Catalogue::default().ids();
    // Words that stand for other things too: a field of an address, a coordinate, an argument of a filter.
    providers.retain(|id| !["box", "front", "line", "meta", "x"].contains(&id.as_str()));
    let mut wrong = Vec::new();
    for (path, code) in code() {
        for (number, line) in code.lines().enumerate() {
            let names = providers.iter().filter(|id| line.contains(&format!("\"{id}\"")));
            let compares =
                ["==", "!=", "=>", "matches!", "starts_with", "contains("].iter().any(|way| line.contains(way));
            wrong.extend(
                names.filter(|_| compares).map(|id| format!("{}, code line {}: {id}", path.display(), number + 1)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_pure_layers_know_no_clock_no_runtime_and_no_environment() {
    let mut wrong = Vec::new();
    for (path, code) in code() {
        let forbidden: &[&str] = match module_of(&path).as_str() {
            "model" | "json" => &["tokio", "std::env", "std::fs", "Timestamp::now"],
            "provider" if path.ends_with("catalogue.rs") => &["tokio", "std::env", "Timestamp::now", "std::net"],
            "provider" => &["tokio", "std::env", "std::fs", "Timestamp::now", "SystemTime", "std::net"],
            _ => &[],
        };
        wrong.extend(
            forbidden.iter().filter(|word| code.contains(*word)).map(|word| format!("{}: {word}", path.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
