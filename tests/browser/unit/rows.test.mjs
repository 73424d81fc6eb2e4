import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PAGE, Rows } from '../../../src/inspector/page/rows.js';
import { row } from './history.mjs';

const shown = (rows, top) => Array.from({ length: top + 1 }, (_, at) => rows.at(at)?.id ?? '-').join(' ');

function filled(...ids) {
  const rows = new Rows();
  ids.forEach((id, at) => id && rows.put(at, row({ id, delivery: `d-${id}` })));
  return rows;
}

test('a row is found by its place, its event and its delivery', () => {
  const rows = filled('a', null, 'c');
  assert.equal(shown(rows, 2), 'a - c');
  assert.deepEqual([rows.ordinalOf('c'), rows.ordinalOf('b'), rows.ofDelivery(row({ delivery: 'd-a' })), rows.size], [2, undefined, 'a', 2]);
  assert.equal(rows.ofDelivery(row()), undefined);
  assert.equal(rows.update(row({ id: 'c', pinned: true })) && rows.at(2).pinned, true);
  assert.equal(rows.update(row({ id: 'x' })), false);
});

test('another row in a place takes it, and the one before is forgotten', () => {
  const rows = filled('a', 'b');
  rows.put(0, row({ id: 'x' }));
  assert.deepEqual([shown(rows, 1), rows.ordinalOf('a'), rows.ofDelivery(row({ delivery: 'd-a' }))], ['x b', undefined, undefined]);
});

test('a row that goes moves the newer ones down, near or far', () => {
  for (const top of [4, 4000]) {
    const rows = filled('a', 'b', 'c', null, 'e');
    if (top > 4) rows.put(top, row({ id: 'z' }));
    rows.remove(1, top);
    assert.equal(shown(rows, 3), 'a c - e');
    assert.deepEqual([rows.ordinalOf('a'), rows.ordinalOf('c'), rows.ordinalOf('e'), rows.ordinalOf('b')], [0, 1, 3, undefined]);
    if (top > 4) assert.equal(rows.ordinalOf('z'), top - 1);
  }
});

test('where an older row went that is not in memory, what is known for sure moves one down', () => {
  const rows = filled('a', null, 'c', 'd');
  rows.keepFrom(2);
  assert.equal(shown(rows, 3), '- c d -');
  assert.equal(rows.ordinalOf('a'), undefined);
});

test('no more rows are kept than a person scrolls back to, but those that are needed', () => {
  const rows = new Rows();
  for (let at = 0; at < 100 * PAGE; at += 1) {
    rows.put(at, row());
    if (at % PAGE === 0) rows.trim((page) => page === 0);
  }
  assert.ok(rows.size <= 42 * PAGE, `${rows.size}`);
  assert.ok(rows.at(0) && rows.at(100 * PAGE - 1) && !rows.at(5 * PAGE));
  assert.equal(rows.ordinalOf(rows.at(0).id), 0);
});
