//! The bytes of a request head as they came, for what the parser does not tell: hyper drops a
//! `Content-Length` that stands beside `Transfer-Encoding`, and both together are refused here.

/// The head under way.
#[derive(Debug)]
pub(super) struct HeadBytes {
    bytes: Vec<u8>,
    max: usize,
    begins_here: bool,
}

impl HeadBytes {
    /// Keeps nothing yet, and never more than `max` bytes.
    pub fn new(max: usize) -> Self {
        Self { bytes: Vec::new(), max, begins_here: false }
    }

    /// A head begins with the next byte.
    pub fn restart(&mut self) {
        self.bytes.clear();
        self.begins_here = true;
    }

    /// Keeps what belongs to the head. A blank line that two reads share is not seen, and the body
    /// behind it is kept for nothing, up to the bound of a head.
    pub fn append(&mut self, bytes: &[u8]) {
        let room = self.max.saturating_sub(self.bytes.len());
        let end = memchr::memmem::find(bytes, b"\r\n\r\n").map_or(bytes.len(), |blank| blank + 4);
        self.bytes.extend_from_slice(&bytes[..end.min(room)]);
    }

    /// Whether the head that has just been parsed has a `Content-Length` line. Knows only of the
    /// first head after a restart, and only once.
    pub fn take_declares_length(&mut self) -> bool {
        std::mem::take(&mut self.begins_here) && declares_length(&self.bytes)
    }
}

/// Whether a line of the first head in `bytes` is a `Content-Length` field.
fn declares_length(bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"content-length";
    let lines = bytes.split(|byte| *byte == b'\n').skip(1);
    lines
        .take_while(|line| !line.trim_ascii().is_empty())
        .any(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_found_in_the_head_and_not_in_the_body() {
        assert!(declares_length(b"POST / HTTP/1.1\r\nHost: a\r\nCONTENT-length: 3\r\n\r\nabc"));
        assert!(!declares_length(b"POST / HTTP/1.1\r\nHost: a\r\n\r\nContent-Length: 3\r\n"));
    }

    #[test]
    fn a_head_is_kept_without_its_body_and_asked_once() {
        let mut head = HeadBytes::new(1000);
        head.restart();
        head.append(b"POST / HTTP/1.1\r\nContent-");
        head.append(b"Length: 3\r\n\r\nabc");
        assert!(head.bytes.ends_with(b"\r\n\r\n"));
        assert_eq!((head.take_declares_length(), head.take_declares_length()), (true, false));
    }
}
