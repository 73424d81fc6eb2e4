//! A folder of its own for every test, with the real binary in a clean environment.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::schema;

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
        let ended = Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        ended.stdout.lines().chain(ended.stderr.lines()).filter_map(published).for_each(|line| schema::check(&line));
        ended
    }

    /// Starts `hookctl listen --json …`, on a free port unless one is named, and waits until it is ready.
    pub fn listen(&self, args: &[&str]) -> Listening {
        self.listen_under(&[], args)
    }

    /// The same through a program that sets limits or traces, and then becomes it: `prlimit`, `strace -D`.
    pub fn listen_under(&self, wrapper: &[&str], args: &[&str]) -> Listening {
        let mut all = vec!["listen", "--json"];
        if !args.contains(&"--port") {
            all.extend(["--port", "0"]);
        }
        all.extend(args);
        Listening::wait_until_ready(self.spawn(wrapper, &all))
    }

    /// Starts `hookctl mock --json …` on a free port, and waits until it is ready.
    pub fn mock(&self, args: &[&str]) -> Listening {
        let mut all = vec!["mock", "--json", "--port", "0"];
        all.extend(args);
        Listening::wait_until_ready(self.spawn(&[], &all))
    }

    /// Starts any command, with its output kept apart.
    pub fn start(&self, args: &[&str]) -> Child {
        self.spawn(&[], args)
    }

    fn spawn(&self, wrapper: &[&str], args: &[&str]) -> Child {
        let mut command = match wrapper {
            [] => self.command(args),
            [program, rest @ ..] => {
                let mut command = self.command(&[]);
                let mut wrapped = Command::new(program);
                wrapped.args(rest).arg(command.get_program()).args(args).current_dir(self.path()).env_clear();
                wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
                std::mem::swap(&mut command, &mut wrapped);
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts `hookctl listen --port 0 …` for people, and waits until it says that it is ready.
    pub fn listen_human(&self, args: &[&str]) -> Talking {
        self.listen_human_under(&[], args)
    }

    /// The same through another program.
    pub fn listen_human_under(&self, wrapper: &[&str], args: &[&str]) -> Talking {
        let mut all = vec!["listen", "--port", "0"];
        all.extend(args);
        Talking::wait_until_ready(self.spawn(wrapper, &all))
    }
}

impl Ended {
    /// All lines of stdout as JSON.
    pub fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(parsed).collect()
    }

    /// The error line that `--json` writes to stderr.
    pub fn error(&self) -> Value {
        let found = self.stderr.lines().filter_map(published).find(|line| line["type"] == "error");
        found.unwrap_or_else(|| panic!("no error line: {}", self.stderr))
    }
}

/// A line that claims to be one of the published ones.
fn published(line: &str) -> Option<Value> {
    line.starts_with("{\"v\":").then(|| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
}

/// A line that must be one of the published ones.
fn parsed(line: &str) -> Value {
    let value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    schema::check(&value);
    value
}

/// Sends a signal by its name.
pub fn signal(pid: u32, name: &str) {
    let pid = pid.to_string();
    assert!(Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid]).status().unwrap().success());
}

fn wait_for(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(start.elapsed() < PATIENCE, "the listener does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Reads a stream to its end beside the test.
fn collect(mut stream: impl std::io::Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}

/// A running listener that writes for people; killed on drop.
pub struct Talking {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    /// `127.0.0.1:PORT`
    pub address: String,
}

impl Talking {
    fn wait_until_ready(mut child: Child) -> Self {
        let stdout = Some(collect(child.stdout.take().unwrap()));
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut before = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended: {before}");
            if let Some(rest) = line.strip_prefix("Ready! Listening on http://") {
                break rest.split(' ').next().unwrap().to_owned();
            }
            before.push_str(&line);
        };
        let stderr = Some(collect(std::io::Cursor::new(before).chain(stderr)));
        Self { child, stdout, stderr, address }
    }

    /// Sends Ctrl-C and waits; gives everything on stdout, and stderr without the ready line.
    pub fn interrupt(mut self) -> (i32, Vec<u8>, String) {
        signal(self.child.id(), "INT");
        let status = wait_for(&mut self.child);
        let [stdout, stderr] =
            [&mut self.stdout, &mut self.stderr].map(|thread| thread.take().unwrap().join().unwrap());
        (status.code().unwrap_or(-1), stdout, String::from_utf8(stderr).unwrap())
    }
}

impl Drop for Talking {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running listener; killed on drop.
pub struct Listening {
    child: Child,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// The parsed `ready` line.
    pub ready: Value,
}

impl Listening {
    fn wait_until_ready(mut child: Child) -> Self {
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = collect(child.stderr.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let Ok(first) = lines.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            panic!("no ready line; stderr: {}", String::from_utf8_lossy(&stderr.join().unwrap()));
        };
        let ready = parsed(&first);
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

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The next JSON line as it was written, and parsed.
    pub fn next_line(&self) -> (String, Value) {
        let line = self.lines.recv_timeout(PATIENCE).expect("another line in time");
        let value = parsed(&line);
        (line, value)
    }

    /// The next JSON line.
    pub fn next(&self) -> Value {
        parsed(&self.lines.recv_timeout(PATIENCE).expect("another line in time"))
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
    pub fn interrupt(self) -> (i32, Vec<Value>, String) {
        self.end_with("INT")
    }

    /// The same with another signal.
    pub fn end_with(mut self, name: &str) -> (i32, Vec<Value>, String) {
        signal(self.child.id(), name);
        self.wait()
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> (i32, Vec<Value>, String) {
        let status = wait_for(&mut self.child);
        let rest = self.lines.iter().map(|line| parsed(&line)).collect();
        let stderr = self.stderr.take().map(|thread| thread.join().unwrap()).unwrap_or_default();
        let stderr = String::from_utf8(stderr).unwrap();
        stderr.lines().filter_map(published).for_each(|line| schema::check(&line));
        (status.code().unwrap_or(-1), rest, stderr)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
