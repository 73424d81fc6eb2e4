/** Bytes as a table of offsets, hex digits and characters. */

/** Bytes of a row; narrow pages show half. */
export const ROW = 16;

/** The rows of some bytes: `{offset, hex, characters}`; `first` is the offset of the first byte. */
export function hexRows(bytes, first = 0, width = ROW) {
  const rows = [];
  for (let from = 0; from < bytes.length; from += width) {
    const row = bytes.subarray(from, from + width);
    rows.push({ offset: (first + from).toString(16).padStart(8, '0'), hex: digits(row, width), characters: printable(row) });
  }
  return rows;
}

function digits(row, width) {
  let text = '';
  for (let at = 0; at < width; at += 1) {
    if (at > 0) text += at % 8 === 0 ? '  ' : ' ';
    text += at < row.length ? row[at].toString(16).padStart(2, '0') : '  ';
  }
  return text;
}

function printable(row) {
  return Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
}

/** Of so many control characters one at most stands in a text: terminals' colours do, pictures have far more. */
const TEXT_PER_CONTROL = 8;

/** Whether bytes are better shown as hex: they hold a zero, are no UTF-8, or are full of control characters. */
export function isBinary(bytes, isWhole = true) {
  let controls = 0;
  for (const byte of bytes) {
    if (byte === 0) return true;
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) controls += 1;
  }
  if (controls * TEXT_PER_CONTROL > bytes.length) return true;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isWhole });
    return false;
  } catch {
    return true;
  }
}
