/**
 * JSON on tokens: check it with a position, walk it, lay it out. Nothing is parsed into values, so numbers,
 * repeated keys and escapes stay as they were written; nothing recurses, so deep texts cost no stack.
 * The grammar and the words of its errors are those of the command line.
 */

/** Deeper texts are not indented: the white space grows with the square of the depth. */
const MAX_INDENTED_DEPTH = 128;

const LITERALS = { t: ['true', 'boolean'], f: ['false', 'boolean'], n: ['null', 'null'] };
const HEX = /^[0-9a-fA-F]$/;

/** Where and why a text is not JSON; `line` and `column` count from 1, `offset` from 0. */
export class JsonError extends Error {
  constructor(text, offset, expected) {
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    const column = [...before.slice(before.lastIndexOf('\n') + 1)].length + 1;
    super(`line ${line}, column ${column}: expected ${expected}, found ${found(text, offset)}`);
    this.name = 'JsonError';
    Object.assign(this, { offset, line, column, expected });
  }
}

function found(text, offset) {
  if (offset >= text.length) return 'the end';
  const code = text.codePointAt(offset);
  if (code > 0x20 && code < 0x7f) return `\`${String.fromCodePoint(code)}\``;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * The tokens of a text: `{kind, from, to}`, kinds `{ } [ ] : , key string number boolean null`.
 * Throws a JsonError where the text stops being JSON.
 */
export function* tokens(text) {
  const open = [];
  let state = 'value';
  let at = 0;
  for (;;) {
    at = skipSpace(text, at);
    const character = text[at];
    if (state === 'end') {
      if (at < text.length) throw new JsonError(text, at, 'the end of the text');
      return;
    }
    const token = read(text, at, character, state, open);
    state = next(token.kind, open);
    at = token.to;
    yield token;
  }
}

function skipSpace(text, at) {
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at += 1;
  return at;
}

function read(text, at, character, state, open) {
  const punctuation = { kind: character, from: at, to: at + 1 };
  switch (state) {
    case 'first element':
      return character === ']' ? punctuation : value(text, at, 'a value or `]`');
    case 'first key':
      if (character === '}') return punctuation;
      return key(text, at, 'a key or `}`');
    case 'key':
      return key(text, at, 'a key');
    case 'colon':
      if (character === ':') return punctuation;
      throw new JsonError(text, at, '`:`');
    case 'separator': {
      const close = open.at(-1) === '{' ? '}' : ']';
      if (character === ',' || character === close) return punctuation;
      throw new JsonError(text, at, `\`,\` or \`${close}\``);
    }
    default:
      return value(text, at, 'a value');
  }
}

function next(kind, open) {
  switch (kind) {
    case '{':
      open.push('{');
      return 'first key';
    case '[':
      open.push('[');
      return 'first element';
    case ',':
      return open.at(-1) === '{' ? 'key' : 'value';
    case ':':
      return 'value';
    case 'key':
      return 'colon';
    case '}':
    case ']':
      open.pop();
  }
  return open.length === 0 ? 'end' : 'separator';
}

function key(text, at, expected) {
  if (text[at] !== '"') throw new JsonError(text, at, expected);
  return { kind: 'key', from: at, to: stringEnd(text, at) };
}

function value(text, at, expected) {
  const character = text[at];
  if (character === '{' || character === '[') return { kind: character, from: at, to: at + 1 };
  if (character === '"') return { kind: 'string', from: at, to: stringEnd(text, at) };
  if (character === '-' || isDigit(character)) return { kind: 'number', from: at, to: numberEnd(text, at) };
  const literal = Object.hasOwn(LITERALS, character ?? '') ? LITERALS[character] : null;
  if (!literal) throw new JsonError(text, at, expected);
  const [word, kind] = literal;
  for (let same = 0; same < word.length; same += 1) {
    if (text[at + same] !== word[same]) throw new JsonError(text, at + same, '`true`, `false` or `null`');
  }
  return { kind, from: at, to: at + word.length };
}

function isDigit(character) {
  return character >= '0' && character <= '9';
}

function stringEnd(text, from) {
  for (let at = from + 1; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (Number.isNaN(code)) throw new JsonError(text, at, 'a closing `"`');
    if (code < 0x20) throw new JsonError(text, at, 'an escaped control character');
    if (code === 0x5c) at = escapeEnd(text, at + 1);
  }
}

/** The offset of the last character of an escape; `at` is after the backslash. */
function escapeEnd(text, at) {
  if (text[at] !== 'u') {
    if (at < text.length && '"\\/bfnrt'.includes(text[at])) return at;
    throw new JsonError(text, at, 'an escape (one of `"\\/bfnrtu`)');
  }
  for (let digit = 1; digit <= 4; digit += 1) {
    if (!HEX.test(text[at + digit] ?? '')) throw new JsonError(text, at + digit, 'a hexadecimal digit');
  }
  return at + 4;
}

function digitsEnd(text, at) {
  if (!isDigit(text[at])) throw new JsonError(text, at, 'a digit');
  while (isDigit(text[at])) at += 1;
  return at;
}

function numberEnd(text, from) {
  let at = text[from] === '-' ? from + 1 : from;
  at = text[at] === '0' ? at + 1 : digitsEnd(text, at);
  if (text[at] === '.') at = digitsEnd(text, at + 1);
  if (text[at] === 'e' || text[at] === 'E') {
    at += 1;
    if (text[at] === '+' || text[at] === '-') at += 1;
    at = digitsEnd(text, at);
  }
  return at;
}

/** Where the text stops being JSON, as a JsonError, or null. */
export function check(text) {
  try {
    for (const _ of tokens(text));
    return null;
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
}

/** The text with one value a line and every token as written; null where it nests too deep. Throws a JsonError. */
export function indented(text) {
  const out = [];
  let depth = 0;
  let previous = '';
  for (const { kind, from, to } of tokens(text)) {
    const closes = kind === '}' || kind === ']';
    if (closes) depth -= 1;
    const opened = previous === '{' || previous === '[';
    if (opened !== closes || previous === ',') {
      if (out.length > 0) out.push('\n', '  '.repeat(depth));
    }
    out.push(text.slice(from, to));
    if (kind === ':') out.push(' ');
    if (kind === '{' || kind === '[') depth += 1;
    if (depth > MAX_INDENTED_DEPTH) return null;
    previous = kind;
  }
  return out.join('');
}
