/**
 * Colours of a JSON text that comes in pieces. It judges nothing: what is no token is plain. A piece may end
 * inside a string; the state says so to the next.
 */

/** What a piece begins in. */
export const START = Object.freeze({ inString: false });

const WORD = /(?:true|false|null)\b/y;
const NUMBER = /-?\d[\d.eE+-]*/y;

/**
 * The runs of a piece, `{kind, text}` with the kinds `key string number boolean null plain`, which together are
 * the whole piece, and the state for the next piece.
 */
export function coloured(text, state = START) {
  const runs = [];
  let plainFrom = 0;
  let at = 0;
  let { inString } = state;
  const push = (kind, from, to) => {
    if (from > plainFrom) runs.push({ kind: 'plain', text: text.slice(plainFrom, from) });
    if (to > from) runs.push({ kind, text: text.slice(from, to) });
    plainFrom = to;
    at = to;
  };
  while (at < text.length) {
    if (inString || text[at] === '"') {
      const end = closing(text, inString ? at : at + 1);
      inString = end === null;
      const to = end ?? text.length;
      push(!inString && isFollowedByColon(text, to) ? 'key' : 'string', at, to);
      continue;
    }
    const [kind, to] = plainToken(text, at);
    if (kind) push(kind, at, to);
    else at += 1;
  }
  push('plain', text.length, text.length);
  return { runs, state: { inString } };
}

/** The offset after the quote that ends a string, or null where it goes on. */
function closing(text, at) {
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code === 0x5c) at += 1;
  }
  return null;
}

function isFollowedByColon(text, at) {
  while (text[at] === ' ') at += 1;
  return text[at] === ':';
}

function plainToken(text, at) {
  const first = text[at];
  if (first === '-' || (first >= '0' && first <= '9')) {
    NUMBER.lastIndex = at;
    return NUMBER.test(text) ? ['number', NUMBER.lastIndex] : [null, at];
  }
  if (first === 't' || first === 'f' || first === 'n') {
    WORD.lastIndex = at;
    if (WORD.test(text)) return [first === 'n' ? 'null' : 'boolean', WORD.lastIndex];
  }
  return [null, at];
}
