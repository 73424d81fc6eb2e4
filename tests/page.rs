//! The inspector's page in a real Chromium, driven by the scripts in tests/browser: each of them is a test here.
//!
//! `tests/run` installs the browser and what the scripts import.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// Runs the scripts of one file with Node's test runner.
fn run(files: &[&str]) {
    let installed = folder().join("node_modules/playwright-core");
    assert!(installed.exists(), "{} is not there: run tests/run once, it installs it", installed.display());
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec"]).args(files).current_dir(folder());
    command.env("HOOKCTL", env!("CARGO_BIN_EXE_hookctl")).env_remove("NODE_OPTIONS");
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!said.contains("ℹ tests 0"), "no test ran: {said}");
}

/// A test for each script.
macro_rules! scripts {
    ($($name:ident),* $(,)?) => {
        const SCRIPTS: &[&str] = &[$(stringify!($name)),*];
        $(#[test]
        fn $name() {
            run(&[concat!("page/", stringify!($name), ".test.mjs")]);
        })*
    };
}

scripts!(accessible, actions, foreign, hostile, list, lodger, newcomer, reading, restart);

#[test]
fn the_parts_that_need_no_browser() {
    let files = names(&folder().join("unit"));
    let paths: Vec<String> = files.iter().map(|name| format!("unit/{name}.test.mjs")).collect();
    run(&paths.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn every_script_is_a_test_here() {
    assert_eq!(names(&folder().join("page")), SCRIPTS.iter().map(|name| (*name).to_owned()).collect());
}

/// The scripts in a folder, without their ending.
fn names(folder: &Path) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.filter_map(|name| Some(name.strip_suffix(".test.mjs")?.to_owned())).collect()
}
