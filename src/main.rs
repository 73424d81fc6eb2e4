//! The doorbell: everything is in the library.

fn main() -> std::process::ExitCode {
    hookctl::run()
}
