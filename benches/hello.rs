//! The smallest program with a clap command line, which `processes.rs` measures whole processes against.

use clap::Parser;

/// Says hello.
#[derive(Parser)]
#[command(name = "hello", version)]
struct Hello {
    /// To whom
    #[arg(long, default_value = "world")]
    name: String,
}

fn main() {
    println!("hello {}", Hello::parse().name);
}
