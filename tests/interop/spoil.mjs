// Ways to spoil a signed request after the SDK has signed it. `made` names the headers that it made.

/** Replaces one character. */
const changed = (text, at) => text.slice(0, at) + (text[at] === "0" ? "1" : "0") + text.slice(at + 1);

/** The request with another value in the first header made that has such a place; `undefined` where none has. */
function inHeader(request, pattern, change) {
  const places = request.made.flatMap((name) =>
    [...request.headers[name].matchAll(pattern)].map((match) => ({ name, match })),
  );
  places.sort((one, other) => other.match[0].length - one.match[0].length);
  if (places.length === 0) return undefined;
  const { name, match } = places[0];
  const value = request.headers[name];
  const spoiled = value.slice(0, match.index) + change(match[0]) + value.slice(match.index + match[0].length);
  return { ...request, headers: { ...request.headers, [name]: spoiled } };
}

export const spoilers = {
  /** One letter of the last text in it, so that JSON stays JSON. */
  body(request) {
    const text = /[a-z0-9](?="[^"]*$)/i.exec(request.body) ?? /[a-z0-9](?=[^a-z0-9]*$)/i.exec(request.body);
    return { ...request, body: changed(request.body, text.index) };
  },
  /** One letter in the middle of the longest text of hex or base64. */
  signature: (request) =>
    inHeader(request, /[a-z0-9+/_-]{20,}/gi, (text) => changed(text, Math.floor(text.length / 2))),
  /** A second or a millisecond away, or ten minutes where the time is written out. */
  timestamp: (request) =>
    inHeader(request, /\b1\d{9}(\d{3})?\b/g, (digits) => String(Number(digits) + 1)) ??
    inHeader(request, /(?<=T\d\d:)\d(?=\d:\d\d)/g, (tens) => changed(tens, 0)),
};
