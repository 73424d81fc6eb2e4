//! PEM, RFC 7468, as it comes out of files, environment variables and JSON: on one line too, and with line breaks
//! written as `\n`.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem::find;
use zeroize::Zeroizing;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// A chain or a key set has fewer.
const MAX_BLOCKS: usize = 64;

/// One block: its label, and its bytes; `None` where its text is no base64.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) der: Option<Zeroizing<Vec<u8>>>,
}

/// Whether there is PEM in a text.
pub(super) fn is_in(text: &[u8]) -> bool {
    find(text, b"-----BEGIN").is_some()
}

/// The blocks of a text, in order; what stands around them is passed over.
pub(super) fn blocks(text: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((block, behind)) = next(rest).filter(|_| blocks.len() < MAX_BLOCKS) {
        blocks.push(block);
        rest = behind;
    }
    blocks
}

fn next(text: &[u8]) -> Option<(Block, &[u8])> {
    let start = find(text, BEGIN)? + BEGIN.len();
    let label_end = start + find(&text[start..], DASHES)?;
    let body = label_end + DASHES.len();
    let end = body + find(&text[body..], END)?;
    let label = String::from_utf8_lossy(&text[start..label_end]).into_owned();
    Some((Block { label, der: decode(&text[body..end]) }, &text[end + END.len()..]))
}

fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut base64 = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let is_escape = byte == b'\\' && bytes.next_if(|next| matches!(next, b'n' | b'r')).is_some();
        if !is_escape && !byte.is_ascii_whitespace() {
            base64.push(byte);
        }
    }
    BASE64.decode(&*base64).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_may_be_lost_or_escaped() {
        for text in [
            "-----BEGIN A KEY-----\nAAEC\nAw==\n-----END A KEY-----\n",
            "x -----BEGIN A KEY-----AAECAw==-----END A KEY----- y",
            "-----BEGIN A KEY-----\\nAAEC\\r\\nAw==\\n-----END A KEY-----\\n",
            "-----BEGIN A KEY----- AAEC Aw== -----END A KEY-----",
        ] {
            let blocks = blocks(text.as_bytes());
            assert_eq!(blocks.len(), 1, "{text}");
            assert_eq!(blocks[0].label, "A KEY");
            assert_eq!(blocks[0].der.as_deref().unwrap().as_slice(), [0, 1, 2, 3], "{text}");
        }
    }

    #[test]
    fn what_is_cut_off_or_garbled_is_no_block() {
        assert!(blocks(b"-----BEGIN A-----\nAAAA\n").is_empty());
        assert!(blocks(b"-----BEGIN A").is_empty());
        assert!(blocks(b"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END A-----")[0].der.is_none());
    }
}
