/**
 * Foreign text with the characters that hide or reorder others made visible, so that what is read is what came.
 */
/** Controls besides tab and line feed, zero-width and bidirectional ones, fillers, tags, lone surrogates. */
const HOSTILE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const NAMES = new Map([
  [0x00, 'null'], [0x07, 'bell'], [0x08, 'backspace'], [0x0d, 'carriage return'], [0x1b, 'escape'], [0x7f, 'delete'],
  [0xad, 'soft hyphen'], [0x61c, 'Arabic letter mark'], [0x200b, 'zero width space'], [0x200c, 'zero width non-joiner'],
  [0x200d, 'zero width joiner'], [0x200e, 'left-to-right mark'], [0x200f, 'right-to-left mark'],
  [0x2028, 'line separator'], [0x2029, 'paragraph separator'], [0x202a, 'left-to-right embedding'],
  [0x202b, 'right-to-left embedding'], [0x202c, 'pop directional formatting'], [0x202d, 'left-to-right override'],
  [0x202e, 'right-to-left override'], [0x2060, 'word joiner'], [0x2066, 'left-to-right isolate'],
  [0x2067, 'right-to-left isolate'], [0x2068, 'first strong isolate'], [0x2069, 'pop directional isolate'],
  [0xfeff, 'byte order mark'],
]);

/** The text in pieces, `{text, name}`; `name` says what a character is that is shown as its number. */
export function pieces(text) {
  const found = [];
  let from = 0;
  for (const match of text.matchAll(HOSTILE)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), name: null });
    const code = match[0].codePointAt(0);
    const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    found.push({ text: number, name: NAMES.get(code) ?? 'invisible character' });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), name: null });
  return found;
}

/** How many such characters a text holds. */
export function countHidden(text) {
  return (text.match(HOSTILE) ?? []).length;
}

/** Appends foreign text to an element, for texts too long to be described first. */
export function appendVisible(parent, text) {
  for (const part of pieces(text)) {
    if (!part.name) {
      parent.append(part.text);
      continue;
    }
    const mark = document.createElement('span');
    mark.className = 'hidden-character';
    mark.title = part.name;
    mark.textContent = part.text;
    parent.append(mark);
  }
}
