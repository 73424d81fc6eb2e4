//! The vendors' own packages, which nobody here wrote. `tests/run` installs them below tests/sdk.

use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
}

/// A file of an installed package.
pub fn installed(file: &str) -> PathBuf {
    let path = folder().join("node_modules").join(file);
    assert!(path.exists(), "{} is not there: run tests/run once, it installs the SDKs", path.display());
    path
}

#[test]
fn the_lock_of_the_sdks_names_no_registry() {
    let lock = std::fs::read_to_string(folder().join("package-lock.json")).unwrap();
    for word in ["resolved", "http://", "registry"] {
        assert!(!lock.contains(word), "package-lock.json names a registry: {word}");
    }
}
