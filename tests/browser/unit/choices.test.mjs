import assert from 'node:assert/strict';
import { test } from 'node:test';

import { headerLines, readHeaders } from '../../../src/inspector/page/detail/headers.js';
import { filterOf } from '../../../src/inspector/page/detail/places.js';
import { changedPart, folded } from '../../../src/inspector/page/detail/places.js';
import { isAddress } from '../../../src/inspector/page/detail/target.js';

test('headers are lines and lines are headers, repeats and order kept, framing left out', () => {
  const headers = [['host', 'x'], ['X-Topic', 'a: b'], ['x-topic', ''], ['Content-Length', '3']];
  const text = headerLines(headers);
  assert.equal(text, 'X-Topic: a: b\nx-topic: ');
  assert.deepEqual(readHeaders(text), { headers: [['X-Topic', 'a: b'], ['x-topic', '']], badLine: null });
  assert.equal(readHeaders('a: b\n\nno header').badLine, 3);
  assert.equal(readHeaders('bad name: x').badLine, 1);
});

test('a place becomes a filter that asks for its value', () => {
  assert.equal(filterOf('json:/data/id', '"evt_1"'), 'json:/data/id=evt_1');
  assert.equal(filterOf('json:/amount', '1.50'), 'json:/amount=1.50');
  assert.equal(filterOf('json:/name', '"a b"'), 'json:/name="a b"');
  assert.equal(filterOf('header:x-topic#2', 'order'), 'header:x-topic=order');
  assert.equal(filterOf('event', 'invoice.paid'), 'event:invoice.paid');
  assert.equal(filterOf('body', 'x'), null);
  assert.equal(filterOf('json:/name', '"say \\"hi\\""'), null);
  assert.equal(filterOf('json:/list', '[1]'), null);
});

test('what differs within two lines is found between what is the same', () => {
  assert.deepEqual(changedPart('  "id": "aXYb",', '  "id": "aZb",'), { from: 10, before: 12, after: 11 });
  assert.deepEqual(changedPart('aa', 'aaa'), { from: 2, before: 2, after: 3 });
  assert.deepEqual(changedPart('😀', '😁'), { from: 0, before: 2, after: 2 });
});

test('long runs of the same lines are folded, with some around each change', () => {
  const lines = Array.from({ length: 30 }, (_, at) => ({ kind: at === 15 ? 'changed' : 'same' }));
  const parts = folded(lines);
  assert.deepEqual(parts.map(({ isFolded, lines: some }) => [isFolded, some.length]), [[true, 12], [false, 7], [true, 11]]);
  assert.deepEqual(folded(lines.slice(12, 18)).map(({ isFolded }) => isFolded), [false]);
});

test('an address may be as short as on the command line', () => {
  for (const text of ['3000', '3000/hooks', '/hooks', ':3000', 'localhost:3000/x', 'app.test', 'http://[::1]:3000/']) assert.ok(isAddress(text), text);
  for (const text of ['http://', 'ftp://x', '99999', 'a b', 'file:///etc/passwd']) assert.ok(!isAddress(text), text);
});
