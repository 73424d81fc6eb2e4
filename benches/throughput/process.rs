//! Processes under measurement: pinned to a core, ended when dropped.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// How long a server may take to say where it listens.
const START_LIMIT: Duration = Duration::from_secs(5);

/// A command on one core, where `taskset` is there and the machine has that core.
pub fn pinned(core: usize, program: &Path) -> Command {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let can_pin = cores > core && Command::new("taskset").arg("-V").stdout(Stdio::null()).status().is_ok();
    if !can_pin {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}

/// This binary in another role.
pub fn role(core: usize, args: &[&str]) -> Result<Command> {
    let mut command = pinned(core, &std::env::current_exe()?);
    command.args(args);
    Ok(command)
}

/// The first two numbers that a command prints; the second is 0 when there is none.
pub fn numbers(mut command: Command) -> Result<(f64, f64)> {
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{command:?} failed");
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse);
    let first = numbers.next().context("nothing was printed")??;
    Ok((first, numbers.next().transpose()?.unwrap_or(0.0)))
}

/// A server at work.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a command whose stdout, unless `stdout` is given, and stderr go to files in `folder`;
    /// one of them must soon hold its URL.
    pub fn start(mut command: Command, folder: &Path, stdout: Option<Stdio>) -> Result<Self> {
        let paths = [folder.join("out"), folder.join("err")];
        let out = File::options().create(true).append(true).open(&paths[0])?;
        let err = File::options().create(true).append(true).open(&paths[1])?;
        let child = command.stdout(stdout.unwrap_or(out.into())).stderr(err).spawn()?;
        let mut server = Self { child, address: ([127, 0, 0, 1], 0).into() };
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            for path in &paths {
                if let Some(port) = port(&fs::read_to_string(path)?) {
                    server.address.set_port(port);
                    return Ok(server);
                }
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("{command:?} did not say where it listens")
    }

    /// The most memory it has had, in MiB; `None` where the kernel does not tell.
    pub fn peak_memory(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The port in the first `http://127.0.0.1:PORT` of a text whose line is complete.
fn port(text: &str) -> Option<u16> {
    let (text, _) = text.rsplit_once('\n')?;
    let (_, rest) = text.split_once("http://127.0.0.1:")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}
