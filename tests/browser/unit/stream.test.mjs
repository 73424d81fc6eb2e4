import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Parser, waitBefore } from '../../../src/inspector/page/stream.js';

const TEXT = [
  'event: hello\nid: a.1.0\ndata: {"n":1}\n\n',
  ': ping\n\n',
  'event: events\r\nid: a.2.0\r\ndata: {"text":"ä🦀"}\r\n\r\n',
  'data: one\rdata:two\rdata\r\r',
  'event: status\ndata: {}\n\nid: a.3.0\n\nevent: changed\ndata:  x\nunknown: y\n\n',
].join('');

const MESSAGES = [
  { event: 'hello', id: 'a.1.0', data: '{"n":1}' },
  { event: 'events', id: 'a.2.0', data: '{"text":"ä🦀"}' },
  { event: 'message', id: null, data: 'one\ntwo\n' },
  { event: 'status', id: null, data: '{}' },
  { event: 'changed', id: null, data: ' x' },
];

test('a stream is the same messages whatever the chunks are', () => {
  for (let size = 1; size <= TEXT.length; size += 1) {
    const parser = new Parser();
    const found = [];
    for (let at = 0; at < TEXT.length; at += size) found.push(...parser.push(TEXT.slice(at, at + size)));
    assert.deepEqual(found, MESSAGES, `chunks of ${size}`);
  }
});

test('a message that is not ended is not told', () => {
  const parser = new Parser();
  assert.deepEqual(parser.push('event: events\ndata: {}\n'), []);
  assert.deepEqual(parser.push('\n'), [{ event: 'events', id: null, data: '{}' }]);
});

test('a long message takes a time that grows with its length, not with its square', () => {
  const data = 'x'.repeat(8 * 1024 * 1024);
  const text = `data: ${data}\n\n`;
  const parser = new Parser();
  const began = performance.now();
  const found = [];
  for (let at = 0; at < text.length; at += 1024) found.push(...parser.push(text.slice(at, at + 1024)));
  assert.equal(found[0].data.length, data.length);
  assert.ok(performance.now() - began < 3000, `${performance.now() - began} ms`);
});

test('a message without an end is given up, in one line or in many', () => {
  for (const piece of ['x'.repeat(1 << 20), `data: ${'x'.repeat(1 << 20)}\n`]) {
    const parser = new Parser();
    assert.throws(() => {
      for (let count = 0; count < 64; count += 1) parser.push(piece);
    }, /without an end/);
  }
});

test('tries to come back are further and further apart, within bounds, and spread', () => {
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    const [least, most] = [waitBefore(attempt, () => 0), waitBefore(attempt, () => 1)];
    assert.ok(least > 0 && least < most && most <= 5000, `${attempt}: ${least} to ${most}`);
    assert.ok(most >= waitBefore(attempt - 1, () => 1) || attempt === 0);
  }
});
