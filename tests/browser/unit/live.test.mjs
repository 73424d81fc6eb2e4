import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.document = { hidden: false, addEventListener: () => {}, getElementById: () => null };
globalThis.window = { addEventListener: () => {} };
// Nobody waits here for messages to go.
const { setTimeout: wait } = globalThis;
globalThis.setTimeout = (work, ms, ...more) => (ms < 3000 ? wait(work, ms, ...more) : wait(work, ms, ...more).unref());

const { EventList } = await import('../../../src/inspector/page/event-list.js');
const { Live } = await import('../../../src/inspector/page/live.js');
const { History, idsOf, pretendBrowser, row, settled } = await import('./history.mjs');

/** A history with streams: what is added is told at once, as hookctl does. */
class Streamed extends History {
  streams = new Set();

  add(...rows) {
    const [added, position] = super.add(...rows);
    for (const stream of this.streams) stream('events', position, { events: added });
    return [added, position];
  }

  fetch = ((list) => async (address, options) => {
    if (!address.startsWith('/api/stream')) return list(address, options);
    const last = options.headers['last-event-id'];
    const body = new ReadableStream({
      start: (controller) => {
        const tell = (event, id, value) => controller.enqueue(new TextEncoder().encode(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(value)}\n\n`));
        tell('hello', last ?? this.position, { instance: 'i', resumed: Boolean(last), status: {} });
        const missed = last ? this.events.slice(Number(last.split('.')[1])) : [];
        if (missed.length) tell('events', this.position, { events: missed });
        this.streams.add(tell);
        options.signal.addEventListener('abort', () => {
          this.streams.delete(tell);
          controller.error(new DOMException('aborted', 'AbortError'));
        });
      },
    });
    return new Response(body, { status: 200 });
  })(this.fetch);
}

function started(history) {
  pretendBrowser(history);
  const list = new EventList();
  const value = { filter: '', shownFilter: '' };
  const store = { value, set: (patch) => Object.assign(value, patch) };
  const live = new Live({ list, store, onArrived: () => {}, onChanged: () => {}, onBack: () => {}, onLoaded: () => {} });
  return { list, live, store };
}

const expected = (history) => history.list(new URLSearchParams({ limit: 100 })).events.map(({ id }) => id);
const some = (count) => Array.from({ length: count }, () => row());

test('what arrives while a list is loaded anew is in the list', async (t) => {
  const history = new Streamed();
  const { list, live } = started(history);
  t.after(() => live.stop());
  await live.start('');
  await settled();
  list.freeze(true);
  for (let turn = 0; turn < 20; turn += 1) history.add(...some(100));
  await settled();
  // The list that is loaded now is answered late, and more comes meanwhile.
  let open;
  history.gate = new Promise((done) => { open = done; });
  list.freeze(false);
  await settled();
  history.add(...some(3));
  await settled();
  history.gate = null;
  open();
  await settled();
  assert.deepEqual(idsOf(list).slice(0, 100), expected(history).slice(0, 100));
  assert.equal(history.streams.size, 1, 'one stream');
});

test('a list that is to be loaded anew again and again is loaded once a second', async (t) => {
  const history = new Streamed();
  const { list, live } = started(history);
  t.after(() => live.stop());
  await live.start('');
  await settled();
  const before = history.asked.length;
  for (let turn = 0; turn < 10; turn += 1) {
    list.reload();
    await settled();
  }
  assert.equal(history.asked.length - before, 1);
});

test('a filter that hookctl will not read is told, is not asked for again, and the list before it stays alive', async (t) => {
  for (const [status, code] of [[400, 'filter'], [414, 'http']]) {
    const history = new Streamed();
    const { list, live, store } = started(history);
    t.after(() => live.stop());
    history.add(row());
    await live.start('');
    const { fetch } = globalThis;
    let refused = 0;
    globalThis.fetch = async (address, options) => {
      if (!address.includes('filter=bad')) return fetch(address, options);
      refused += 1;
      return new Response(JSON.stringify({ code, message: 'no', hint: null }), { status });
    };
    live.start('bad');
    for (let turn = 0; turn < 60; turn += 1) await settled();
    assert.deepEqual([refused, store.value.filterError?.message, store.value.shownFilter], [1, 'no', '']);
    history.add(row());
    await settled();
    assert.deepEqual(idsOf(list), expected(history));
    live.stop();
  }
});

test('one filter after the other leaves the list of the last one and one stream', async (t) => {
  const history = new Streamed();
  history.takes = (one, filter) => filter === '' || one.request.path === `/${filter}`;
  const { list, live } = started(history);
  t.after(() => live.stop());
  history.add(row({ text: 'a' }), row({ text: 'b' }), row({ text: 'c' }));
  await Promise.all([live.start('a'), live.start('b'), live.start('c')]);
  await settled();
  assert.deepEqual(idsOf(list).length, 1);
  assert.equal(list.at(0).request.path, '/c');
  assert.equal(history.streams.size, 1);
});

test('a list that is to be loaded anew while another filter is on its way is that filter’s', async (t) => {
  const history = new Streamed();
  history.takes = (one, filter) => filter === '' || one.request.path === `/${filter}`;
  const { list, live } = started(history);
  t.after(() => live.stop());
  history.add(row({ text: 'a' }), row({ text: 'b' }));
  await live.start('a');
  const next = live.start('b');
  list.reload();
  await settled();
  await next;
  await settled();
  assert.equal(list.at(0).request.path, '/b');
});
