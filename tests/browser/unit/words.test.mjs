import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { commandOf, withWord, wordsOf } from '../../../src/inspector/page/search.js';
import { ago, bytes, milliseconds, shellQuoted, shellWord, statusClass } from '../../../src/inspector/page/words.js';

/** Texts that a shell, or the terminal into which they are pasted, could take for more than text. */
const HOSTILE = [
  'plain',
  '',
  'two  words',
  "it's",
  '"',
  '$(touch /tmp/x)',
  '`id`',
  '; rm -rf ~ #',
  '\\',
  "\\'",
  "'\\''",
  '!history !!',
  '*?[a]{b,c}~',
  '-n',
  '--help',
  'a\nb',
  'tab\there',
  'ä🦀\u202e',
  '\u001b[201~\nid\n',
  '\r',
  '\u0007\u007f\u0085\u009b',
];

const argumentsOf = (command) =>
  execFileSync('bash', ['-c', `show() { printf '%s\\0' "$@"; }; hookctl() { show "$@"; }; ${command}`], { encoding: 'utf8' }).split('\0').slice(0, -1);

test('a quoted text is one word of bash, to the letter', () => {
  for (const text of HOSTILE) {
    assert.deepEqual(argumentsOf(`show ${shellQuoted(text)}`), [text], JSON.stringify(text));
    assert.deepEqual(argumentsOf(`show ${shellWord(text)}`), [text], JSON.stringify(text));
  }
  for (const text of ['github/push', 'http://127.0.0.1:4000', 'a.b-c_d']) assert.equal(shellWord(text), text);
});

test('a text to copy holds no character that a terminal obeys', () => {
  // eslint-disable-next-line no-control-regex
  for (const text of HOSTILE) assert.doesNotMatch(shellQuoted(text), /[\u0000-\u001f\u007f-\u009f]/, JSON.stringify(text));
});

test('the command of a filter has the filter as its one value', () => {
  for (const filter of HOSTILE) {
    const words = argumentsOf(commandOf(filter));
    assert.deepEqual(words.slice(0, 2), ['events', 'list']);
    assert.equal(words.slice(2).join('\0').replace(/^--filter[=\0]/, ''), filter, JSON.stringify(filter));
    assert.ok(words.length === 3 || !words[3].startsWith('-'), 'a value that begins with a dash is no flag');
  }
});

test('a word comes into a filter and goes out of it, and quoted words stay as they are', () => {
  assert.equal(withWord('', 'is:failed'), 'is:failed');
  assert.equal(withWord('a  is:failed b', 'is:failed'), 'a b');
  assert.equal(withWord('"two  words"', 'is:failed'), '"two  words" is:failed');
  assert.equal(withWord('json:/a="x  is:failed" b', 'is:failed'), 'json:/a="x  is:failed" b is:failed');
  assert.equal(withWord("'a  b' is:pinned", 'is:pinned'), "'a  b'");
  assert.equal(withWord('"say \\"a  b\\"" x', 'x'), '"say \\"a  b\\""');
  assert.equal(withWord("don't  stop", 'x'), "don't stop x");
  assert.equal(withWord('a "open  end', 'x'), 'a "open  end x');
});

test('the words of a filter are what the command line takes for words', () => {
  assert.deepEqual(wordsOf('  a json:/x="b  c" \'d  e\' f"g h "i \\" j" '), ['a', 'json:/x="b  c"', "'d  e'", 'f"g', 'h', '"i \\" j"']);
  assert.deepEqual(wordsOf(''), []);
});

test('durations, sizes and ages are written in one unit, and never as 60 s or 1024 KB', () => {
  assert.deepEqual([0, 0.04, 9.94, 9.95, 999.4, 999.5, 59_994, 59_995, 119_600, null].map(milliseconds),
    ['0.0 ms', '0.0 ms', '9.9 ms', '10 ms', '999 ms', '1.00 s', '59.99 s', '1m 00s', '2m 00s', '']);
  assert.deepEqual([0, 1023, 1024, 1024 * 1023.94, 1024 * 1024, 25 * 1024 * 1024].map(bytes),
    ['0 B', '1023 B', '1.0 KB', '1023.9 KB', '1.0 MB', '25.0 MB']);
  const now = Date.parse('2026-11-22T12:00:00Z');
  const before = (seconds) => ago(new Date(now - seconds * 1000).toISOString(), now);
  assert.deepEqual([-5, 0, 1, 2, 59, 60, 3599, 3600, 86_399, 86_400].map(before), ['now', 'now', 'now', '2s', '59s', '1m', '59m', '1h', '23h', '1d']);
  assert.equal(ago('no time', now), '');
});

test('a status has its colour, and none is a failure', () => {
  assert.deepEqual([200, 204, 101, 301, 404, 500, 599, null].map(statusClass), ['good', 'good', 'info', 'info', 'warn', 'bad', 'bad', 'bad']);
});
