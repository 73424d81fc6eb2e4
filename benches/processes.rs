//! Whole processes beside a hello-world clap binary, in turns; the size of the binary; how soon a
//! listener answers.

#[path = "figures.rs"]
mod figures;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use figures::{Target, median, row};

/// Runs of each program.
const RUNS: usize = 100;
/// Runs of the listener.
const STARTS: usize = 20;
/// The binary under test.
const HOOKCTL: &str = env!("CARGO_BIN_EXE_hookctl");
/// The example of GitHub's documentation:
/// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
const SIGNATURE: &str = "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const SECRET: &str = "It's a Secret to Everybody";
const BODY: &str = "Hello, World!";

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let body = folder.path().join("body");
    fs::write(&body, BODY)?;
    let path = body.to_str().context("the folder's name")?;
    let verify =
        ["verify", "--provider", "github", "--secret-env", "BENCH_SECRET", "--header", SIGNATURE, "--body", path];
    let (mut hello, mut version, mut verified) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        hello.push(run(&self::hello()?, &[], folder.path())?);
        version.push(run(Path::new(HOOKCTL), &["--version"], folder.path())?);
        verified.push(run(Path::new(HOOKCTL), &verify, folder.path())?);
    }
    let (hello, version, verified) = (median(hello), median(version), median(verified));
    let millis = |time: f64| format!("{time:.2} ms");
    row("hookctl --version / clap hello", &millis(hello), &millis(version), version / hello, Target::AtMost(1.4));
    row("hookctl verify / clap hello", &millis(hello), &millis(verified), verified / hello, Target::AtMost(2.0));
    let mib = fs::metadata(HOOKCTL)?.len() as f64 / f64::from(1 << 20);
    row("binary, MiB", "", "", mib, Target::AtMost(12.0));
    let starts = (0..STARTS).map(|_| first_answer(folder.path())).collect::<Result<_>>()?;
    row("spawn to first 2xx, ms", "", "", median(starts), Target::AtMost(15.0));
    Ok(())
}

/// The yardstick, which Cargo puts beside the binary.
fn hello() -> Result<PathBuf> {
    let hello = Path::new(HOOKCTL).with_file_name("examples").join("hello");
    ensure!(hello.exists(), "build it first: cargo build --release --example hello");
    Ok(hello)
}

/// A command apart from the environment and configuration of whoever runs this.
fn command(program: &Path, args: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(args).env_clear().env("BENCH_SECRET", SECRET).current_dir(folder);
    command
}

/// Milliseconds from start to end.
fn run(program: &Path, args: &[&str], folder: &Path) -> Result<f64> {
    let mut command = command(program, args, folder);
    let started = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    let time = started.elapsed().as_secs_f64() * 1000.0;
    ensure!(status.success(), "{command:?} failed");
    Ok(time)
}

/// Milliseconds from the start of a listener to its first answer.
fn first_answer(folder: &Path) -> Result<f64> {
    let mut command = command(Path::new(HOOKCTL), &["listen", "--port", "0", "--json", "--no-store"], folder);
    let started = Instant::now();
    let mut listener = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let answered = ask(listener.stdout.take().context("stdout")?);
    let time = started.elapsed().as_secs_f64() * 1000.0;
    listener.kill()?;
    listener.wait()?;
    answered.map(|()| time)
}

/// Posts to the URL of the `ready` line.
fn ask(lines: impl std::io::Read) -> Result<()> {
    let mut ready = String::new();
    BufReader::new(lines).read_line(&mut ready)?;
    let (_, rest) = ready.split_once("http://").context("no URL in the first line")?;
    let address = rest.split('"').next().unwrap_or_default();
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    ensure!(&answer == b"HTTP/1.1 200", "{}", String::from_utf8_lossy(&answer));
    Ok(())
}
