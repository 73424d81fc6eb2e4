/** Headers as lines of text, for a field that a person edits. */

/** Those that each hop makes anew; hookctl sets them itself. */
const FRAMING = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade', 'proxy-connection']);
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** One header a line, in order, without those of the framing. */
export function headerLines(headers) {
  return headers
    .filter(([name]) => !FRAMING.has(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

/** The pairs of such a text, or the number of the first line that is no header: `{headers, badLine}`. */
export function readHeaders(text) {
  const headers = [];
  for (const [position, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    if (colon < 1 || !NAME.test(name)) return { headers: [], badLine: position + 1 };
    headers.push([name, line.slice(colon + 1).trim()]);
  }
  return { headers, badLine: null };
}
