//! The process's own stdout and stderr, for commands that print once and end.
//!
//! A reader that has gone away (`| head`) is an error value, not a panic.

use std::io::{self, Write};

/// Writes data to stdout and flushes it.
pub fn print(data: impl AsRef<[u8]>) -> io::Result<()> {
    write_whole(io::stdout().lock(), data.as_ref())
}

/// Writes talk to stderr and flushes it.
pub fn talk(text: impl AsRef<[u8]>) -> io::Result<()> {
    write_whole(io::stderr().lock(), text.as_ref())
}

fn write_whole(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_stream_is_an_error_value() {
        let mut room = [0; 2];
        assert!(write_whole(&mut room[..], b"ab").is_ok());
        assert_eq!(write_whole(&mut room[..], b"abc").unwrap_err().kind(), io::ErrorKind::WriteZero);
    }
}
