//! `include_dir!` sees what is in the folder when the crate is compiled: new files must make it compile again.

fn main() {
    println!("cargo:rerun-if-changed=fixtures");
    println!("cargo:rerun-if-changed=src/inspector/page");
}
