//! What the README tells people to type is what the program takes.

use std::path::Path;

use crate::sandbox::Sandbox;

/// Words of a shell line that end one command.
const ENDS: [&str; 6] = ["|", "||", "&&", ";", ">", "&"];

/// Every `hookctl …` in a document's shell blocks, as words.
fn commands(document: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let mut found = Vec::new();
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    for line in blocks.flat_map(|block| block.lines()) {
        let words = shlex::split(line).unwrap_or_else(|| panic!("{document}: quotes do not pair in {line}"));
        for command in words.split(|word| ENDS.contains(&word.as_str())) {
            // `NAME=value` before a command is its environment.
            let command: Vec<&String> = command.iter().skip_while(|word| word.contains('=')).collect();
            if command.first().is_some_and(|word| *word == "hookctl") {
                found.push(command[1..].iter().map(|word| word.to_string()).collect());
            }
        }
    }
    found
}

#[test]
fn every_command_of_the_readme_is_taken() {
    let sandbox = Sandbox::new();
    let commands = commands("README.md");
    assert!(commands.len() > 40, "only {} commands were found", commands.len());
    for command in commands {
        // Help is shown where it stands, so everything before it must be known.
        let words: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let ended = sandbox.run(&words);
        assert_eq!(ended.code, 0, "hookctl {}\n{}", command.join(" "), ended.stderr);
    }
}
