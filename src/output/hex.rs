//! Bytes as a hex dump.

/// Bytes in a line.
const ROW: usize = 16;

/// The lines of a dump, without line breaks: offset counted from `start`, sixteen bytes, and those that print.
pub fn hex_lines(bytes: &[u8], start: usize) -> impl Iterator<Item = String> + '_ {
    bytes.chunks(ROW).enumerate().map(move |(row, chunk)| {
        let hex: String = chunk.iter().map(|byte| format!("{byte:02x} ")).collect();
        let visible = |byte: &u8| if matches!(byte, 0x20..=0x7e) { char::from(*byte) } else { '.' };
        let text: String = chunk.iter().map(visible).collect();
        format!("{:08x}  {hex:48} {text}", start + row * ROW)
    })
}
