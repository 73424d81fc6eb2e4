import assert from 'node:assert/strict';
import { test } from 'node:test';

import { coloured, START } from '../../../src/inspector/page/detail/colour.js';
import { hexRows, isBinary } from '../../../src/inspector/page/detail/hex.js';
import { countHidden, pieces } from '../../../src/inspector/page/detail/visible.js';

test('colours lose no character, whatever the text is', () => {
  for (const text of ['{"a": [1, -2.5e3, "x\\"y", true, null]}', '"open', '\\"', 'nullx truth -', '{"a" : "b": ,,']) {
    assert.equal(coloured(text).runs.map((run) => run.text).join(''), text);
  }
});

test('keys differ from strings, and a piece that ends inside a string goes on in the next', () => {
  assert.deepEqual(coloured('"a": "b').runs.map((run) => run.kind), ['key', 'plain', 'string']);
  const first = coloured('["one t');
  assert.equal(first.state.inString, true);
  assert.deepEqual(coloured('wo", 3]', first.state).runs[0], { kind: 'string', text: 'wo"' });
  assert.deepEqual(coloured('12', START).runs, [{ kind: 'number', text: '12' }]);
});

test('hex rows stand under one another', () => {
  const rows = hexRows(new Uint8Array([...'hookctl \u0000\u007f~ 123456'].map((c) => c.charCodeAt(0))), 32);
  assert.deepEqual(rows[0], {
    offset: '00000020',
    hex: '68 6f 6f 6b 63 74 6c 20  00 7f 7e 20 31 32 33 34',
    characters: 'hookctl ··~ 1234',
  });
  assert.equal(rows[1].hex.length, rows[0].hex.length);
});

test('bytes that are no text are binary, and a character cut in two is not', () => {
  assert.equal(isBinary(new Uint8Array([0xff, 0xd8])), true);
  assert.equal(isBinary(new Uint8Array([0x61, 0x00, 0x62])), true);
  assert.equal(isBinary(new TextEncoder().encode('grüße\r\n')), false);
  assert.equal(isBinary(new Uint8Array([0x61, 0xc3]), false), false);
  assert.equal(isBinary(new Uint8Array([0x61, 0xc3])), true);
});

test('characters that hide or reorder text are shown as their number', () => {
  assert.deepEqual(pieces('abc'), [{ text: 'abc', name: null }]);
  assert.deepEqual(pieces('a\u202egnp.exe'), [
    { text: 'a', name: null },
    { text: 'U+202E', name: 'right-to-left override' },
    { text: 'gnp.exe', name: null },
  ]);
  assert.equal(countHidden('\u200b\ufeff\u{e0041}\u0007\ud800x\n\t😀é'), 5);
});
