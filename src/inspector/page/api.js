/** The calls to hookctl's API: one origin, the token in a header, errors with their cure. */

const TOKEN_KEY = 'hookctl-token';
const TOKEN = /^[0-9a-f]{32}$/i;

/** What the API refused, or that it could not be reached (`status` 0). */
export class ApiError extends Error {
  constructor(status, code, message, hint = null) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

/** The token of this tab, or null. */
export const token = () => sessionStorage.getItem(TOKEN_KEY);

/** Keeps a token for this tab; false where the text is none. */
export function keepToken(text) {
  if (!TOKEN.test(text)) return false;
  sessionStorage.setItem(TOKEN_KEY, text.toLowerCase());
  return true;
}

/** Forgets the token: it was refused. */
export const dropToken = () => sessionStorage.removeItem(TOKEN_KEY);

const refused = new Set();

/** Calls `listener` whenever the API refuses the token; returns how to stop. */
export function onRefused(listener) {
  refused.add(listener);
  return () => refused.delete(listener);
}

/** The address of a path of the API; `/api` may be left out. A list as a value repeats the parameter. */
export function address(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') parameters.append(name, String(one));
    }
  }
  const whole = path.startsWith('/api/') ? path : `/api/${path.replace(/^\//, '')}`;
  const text = parameters.toString();
  return text ? `${whole}?${text}` : whole;
}

/** The error that an answer stands for. */
async function errorOf(answer) {
  if (answer.status === 401) for (const listener of refused) listener();
  const said = await answer.json().catch(() => null);
  const message = said?.message ?? `hookctl answered ${answer.status}`;
  return new ApiError(answer.status, said?.code ?? 'http', message, said?.hint ?? null);
}

/** A fetch that throws ApiError for anything but a 2xx. An abort stays an AbortError. */
export async function request(path, { query, signal, headers = {}, method = 'GET', body } = {}) {
  let answer;
  try {
    answer = await fetch(address(path, query), {
      method,
      body,
      signal,
      cache: 'no-store',
      credentials: 'omit',
      headers: { 'hookctl-token': token() ?? '', ...headers },
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, 'unreachable', 'hookctl does not answer', 'is it still running?');
  }
  if (!answer.ok) throw await errorOf(answer);
  return answer;
}

/** The JSON of a path. */
export const get = async (path, options) => (await request(path, options)).json();

/** The JSON that answers a POST of JSON. */
export async function post(path, body, { signal } = {}) {
  const headers = { 'content-type': 'application/json' };
  return (await request(path, { method: 'POST', headers, body: JSON.stringify(body), signal })).json();
}

/** `bytes=a-b` of a range: `[first, last]` with both ends in it, or the text itself. */
const rangeText = (range) => (Array.isArray(range) ? `bytes=${range[0]}-${range[1] ?? ''}` : range);

/** How long the whole is of which an answer is a part. */
function totalOf(answer, bytes) {
  const named = answer.headers.get('hookctl-total-bytes') ?? answer.headers.get('content-range')?.split('/')[1];
  const total = Number(named);
  return named && Number.isFinite(total) ? total : bytes.length;
}

/**
 * The bytes of a path, and as text (UTF-8, with U+FFFD for what is none). `range` is `[first, last]` or a Range header.
 * @returns {Promise<{text: string, bytes: Uint8Array, total: number, headers: Headers}>}
 */
export async function text(path, { range, query, signal } = {}) {
  const headers = range ? { range: rangeText(range) } : {};
  const answer = await request(path, { query, signal, headers });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { text: new TextDecoder().decode(bytes), bytes, total: totalOf(answer, bytes), headers: answer.headers };
}
