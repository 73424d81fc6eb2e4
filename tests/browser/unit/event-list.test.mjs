import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EventList } from '../../../src/inspector/page/event-list.js';
import { History, idsOf, pretendBrowser, row, settled } from './history.mjs';

const rows = (count, options) => Array.from({ length: count }, () => row(options));

/** A list of a history with so many events. */
async function listOf(count, { isCounted = true, takes = () => true, filter = '' } = {}) {
  const history = new History();
  Object.assign(history, { isCounted, takes });
  pretendBrowser(history);
  history.add(...rows(count));
  const list = new EventList();
  assert.equal(await list.load(filter), history.position);
  return { list, history };
}

/** What a list of everything shows. */
const expected = (history, filter = '') => history.list(new URLSearchParams({ filter, limit: 1e6 })).events.map(({ id }) => id);

/** Looks at every place until all is loaded. */
async function seeAll(list) {
  for (let turn = 0; turn < 40; turn += 1) {
    for (let first = 0; first < list.length; first += 100) {
      list.see(first, Math.min(first + 99, list.length - 1));
      await settled();
    }
    if (!idsOf(list).includes('?')) return;
  }
}

test('what arrives stands in front, newest first, and moves no key', async () => {
  const { list, history } = await listOf(3);
  const key = list.keyAt(0);
  list.receive(...history.add(row(), row()));
  assert.deepEqual(idsOf(list), expected(history));
  assert.equal(list.keyAt(2), key);
});

test('a list that is looked at waits with what arrives, and lets it in when told to', async () => {
  const { list, history } = await listOf(2);
  const before = idsOf(list);
  list.freeze(true);
  list.receive(...history.add(row(), row()));
  assert.deepEqual([idsOf(list), list.waiting], [before, 2]);
  list.freeze(false);
  assert.deepEqual([idsOf(list), list.waiting], [expected(history), 0]);
});

test('retries of one delivery are one row, in the place of the newest', async () => {
  const { list, history } = await listOf(0);
  for (const delivery of ['a', 'b', null, 'a', 'c', 'a', 'b', null]) {
    list.receive(...history.add(row({ delivery })));
    assert.deepEqual(idsOf(list), expected(history), delivery);
  }
  assert.equal(list.at(2).repeats, 3);
});

test('a retry of an event that is not in memory folds it all the same', async () => {
  const history = new History();
  pretendBrowser(history);
  history.add(row({ delivery: 'old' }), ...rows(450));
  const list = new EventList();
  await list.load('');
  list.receive(...history.add(row({ delivery: 'old' })));
  await seeAll(list);
  assert.deepEqual(idsOf(list), expected(history));
});

test('any place of a long list is had by looking at it, and only that', async () => {
  const { list, history } = await listOf(1000);
  list.see(700, 720);
  await settled();
  assert.equal(list.at(710).id, expected(history)[710]);
  assert.ok(history.asked.length <= 3, history.asked.join('\n'));
  list.receive(...history.add(...rows(7)));
  assert.equal(list.at(717).id, expected(history)[717]);
  await seeAll(list);
  assert.deepEqual(idsOf(list), expected(history));
});

test('a list whose oldest events went has none of them', async () => {
  const { list, history } = await listOf(350);
  history.gone = 120;
  list.see(200, 260);
  await settled();
  assert.equal(list.length, 230);
  await seeAll(list);
  assert.deepEqual(idsOf(list), expected(history));
});

test('a search goes on while it is looked at, and what arrives stands in front of what it found', async () => {
  const { list, history } = await listOf(320, { isCounted: false });
  list.receive(...history.add(row()));
  await seeAll(list);
  assert.deepEqual(idsOf(list), expected(history));
  assert.equal(list.scannedTo, null);
});

test('a row that changed is shown as it is, also while it waits', async () => {
  const { list, history } = await listOf(2);
  list.freeze(true);
  const waiting = row({ id: 'w' });
  list.receive(...history.add(waiting));
  list.change([{ ...waiting, pinned: true }, { ...list.at(0), pinned: true }]);
  list.freeze(false);
  assert.deepEqual([list.at(0).pinned, list.at(1).pinned], [true, true]);
});

test('what is told while a list is loaded anew is asked for with it, once', async () => {
  const { list, history } = await listOf(0);
  let asked = 0;
  list.reload = () => { asked += 1; };
  list.freeze(true);
  for (let turn = 0; turn < 30; turn += 1) list.receive(...history.add(...rows(100)));
  assert.equal(list.waiting, 3000);
  list.freeze(false);
  assert.equal(asked, 1);
});

test('a history that was replaced is loaded anew by whoever also streams it', async () => {
  const { list } = await listOf(500);
  let asked = 0;
  list.reload = () => { asked += 1; };
  globalThis.fetch = async () => new Response(JSON.stringify({ code: 'other_history', message: 'm', hint: null }), { status: 410 });
  list.see(300, 320);
  await settled();
  assert.equal(asked, 1);
});
