/** A history as the API shows it: lists by offset or by cursor, of a snapshot, folded or not. Nothing is sent. */

let count = 0;

/** A row as the API has it. */
export function row({ id = `e${(count += 1)}`, delivery = null, status = null, pinned = false, text = '' } = {}) {
  const last = status === null ? null : { target: 'http://t/', status, duration_ms: 1, error: null };
  return {
    id, received_at: '2026-11-22T12:00:00.000000Z', provider: 'github', event_type: 'push', delivery_id: delivery, handshake: null,
    verdict: { status: 'valid' }, request: { method: 'POST', path: `/${text}`, query: null, remote: 'r', content_type: null, body_bytes: 0 },
    retry: null, repeats: 1, deliveries: { attempts: last ? 1 : 0, waiting: 0, last }, pinned,
  };
}

/** See above. `events` are in the order of arrival; `takes(row, filter)` says what a filter selects. */
export class History {
  events = [];
  asked = [];
  /** Where the server only finds events by reading them, a total is unknown. */
  isCounted = true;
  /** Set to a promise, an answer waits for it. */
  gate = null;
  /** Oldest events that limits took away. */
  gone = 0;
  takes = () => true;

  /** Adds events; gives the message that a stream would bring. */
  add(...rows) {
    for (const one of rows) {
      const same = this.events.filter(({ delivery_id: id }) => id !== null && id === one.delivery_id);
      one.repeats = same.length + 1;
      this.events.push(one);
    }
    return [rows, this.position];
  }

  get position() {
    return `a.${this.events.length}.0`;
  }

  /** What a call answers. */
  list(query) {
    const filter = query.get('filter') ?? '';
    const [upto, below] = (query.get('cursor') ?? `${query.get('upto') ?? this.position}~`).split('~');
    const end = Number(upto.split('.')[1]);
    const limit = Number(query.get('limit') ?? 50);
    const matching = this.events.slice(0, end).map((one, at) => ({ one, at })).slice(this.gone).filter(({ one }) => this.takes(one, filter));
    const isNewest = ({ one, at }) => one.delivery_id === null || !matching.some((other) => other.at > at && other.one.delivery_id === one.delivery_id);
    const all = matching.filter(isNewest).reverse();
    const rest = below ? all.filter(({ at }) => at < Number(below)) : all.slice(Number(query.get('offset') ?? 0));
    const some = rest.slice(0, limit);
    return {
      events: some.map(({ one }) => one),
      next: rest.length > limit ? `${upto}~${some.at(-1).at}` : null,
      total: this.isCounted ? all.length : null,
      newest: upto,
      scanned_to: this.isCounted ? null : '2026-11-22T11:00:00Z',
    };
  }

  /** Stands in for `fetch`. */
  fetch = async (address, { signal } = {}) => {
    const url = new URL(address, 'http://127.0.0.1:4040');
    this.asked.push(`${url.pathname}${url.search}`);
    const answer = this.list(url.searchParams);
    if (this.gate) await this.gate;
    signal?.throwIfAborted();
    return new Response(JSON.stringify(answer), { status: 200, headers: { 'content-type': 'application/json' } });
  };
}

/** What the page's modules find in a browser, as far as they are used without one. */
export function pretendBrowser(history) {
  globalThis.sessionStorage = { getItem: () => '0'.repeat(32), setItem: () => {}, removeItem: () => {} };
  globalThis.fetch = history.fetch;
}

/** Waits until everything that was asked for has come. */
export async function settled() {
  const end = performance.now() + 10;
  while (performance.now() < end) await new Promise((done) => { setImmediate(done); });
}

/** The ids in a list, newest first; `?` where a row is not loaded. */
export const idsOf = (list) => Array.from({ length: list.length }, (_, index) => list.at(index)?.id ?? '?');
