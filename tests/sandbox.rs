//! A folder of its own for every test, with the real binary in a clean environment.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine; only a hang meets it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A temporary working directory.
pub struct Sandbox {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// How a command ended.
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), variables: Vec::new() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Sets an environment variable for all commands.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file below the folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The binary, in this folder, with nothing of the caller's environment but `PATH`.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hookctl"));
        command.args(args).current_dir(self.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path()).env("TZ", "UTC");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs to the end with nothing on stdin.
    pub fn run(&self, args: &[&str]) -> Ended {
        self.run_with(args, b"")
    }

    /// Runs to the end with these bytes on stdin.
    pub fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ended {
        let mut child =
            self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that reads no stdin may have closed it already.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output: Output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts `hookctl listen --json --port 0 …` and waits until it is ready.
    pub fn listen(&self, args: &[&str]) -> Listening {
        let mut all = vec!["listen", "--json", "--port", "0"];
        all.extend(args);
        let child =
            self.command(&all).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Listening::wait_until_ready(child)
    }
}

/// A running listener; killed on drop.
pub struct Listening {
    child: Child,
    lines: Receiver<String>,
    stderr: Option<std::thread::JoinHandle<String>>,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// The parsed `ready` line.
    pub ready: Value,
}

impl Listening {
    fn wait_until_ready(mut child: Child) -> Self {
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let Ok(first) = lines.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            panic!("no ready line; stderr: {}", stderr.join().unwrap());
        };
        let ready: Value = serde_json::from_str(&first).unwrap();
        assert_eq!(ready["type"], "ready", "{first}");
        let url = ready["url"].as_str().unwrap().to_owned();
        Self { child, lines, stderr: Some(stderr), url, ready }
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        self.url.trim_start_matches("http://").to_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next JSON line.
    pub fn next(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("another line in time");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The next line of this type; others are passed over.
    pub fn next_of(&self, kind: &str) -> Value {
        loop {
            let line = self.next();
            if line["type"] == kind {
                return line;
            }
        }
    }

    /// Sends Ctrl-C and waits; gives the exit code, the rest of stdout as JSON, and stderr.
    pub fn interrupt(mut self) -> (i32, Vec<Value>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.wait()
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> (i32, Vec<Value>, String) {
        let status = self.wait_status();
        let rest = self.lines.iter().map(|line| serde_json::from_str(&line).unwrap()).collect();
        let stderr = self.stderr.take().map(|thread| thread.join().unwrap()).unwrap_or_default();
        (status.code().unwrap_or(-1), rest, stderr)
    }

    fn wait_status(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the listener does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
