import assert from 'node:assert/strict';
import { test } from 'node:test';

import { check, indented, tokens } from '../../../src/inspector/page/detail/json.js';

const VALID = [
  '0', '-0', '1e5', '-1.50E+10', '123456789012345678901234567890', '""', '[]', '{}', '[[],{}]', '"\\ud800"',
  '"\\/\\b\\f"', '{"a":1,"a":2}', '\t\r\n[ ]\n', '{"":0}', 'null', 'true', '[1,"a",{"b":[false]}]', '"\u007f\u2028"',
];
const INVALID = [
  '', ' ', '01', '-', '1.', '.5', '1e', '+1', 'tru', 'True', 'nan', '[1,]', '[,1]', '{,}', '{"a"}', '{"a":}', '{"a":1,}',
  '{a:1}', '[1 2]', '[1}', '{"a":1]', ']', '"a', '"\n"', '"\\x"', '"\\u12g4"', '[1]x', '\ufeff{}', '[', '{"a":1', "'a'",
];

test('accepts and refuses what the standard parser does', () => {
  for (const text of VALID) assert.equal(check(text), null, text);
  for (const text of INVALID) {
    assert.throws(() => JSON.parse(text), undefined, text);
    assert.notEqual(check(text), null, text);
  }
});

test('says where a text stops being JSON in the words of the command line', () => {
  const message = (text) => check(text).message;
  assert.equal(message('[1'), 'line 1, column 3: expected `,` or `]`, found the end');
  assert.equal(message('{"a":1,\n  b:2}'), 'line 2, column 3: expected a key, found `b`');
  assert.equal(message('[trux]'), 'line 1, column 5: expected `true`, `false` or `null`, found `x`');
  assert.equal(message('"😀\\q"'), 'line 1, column 4: expected an escape (one of `"\\/bfnrtu`), found `q`');
  assert.equal(message('"a\tb"'), 'line 1, column 3: expected an escaped control character, found U+0009');
});

test('a hundred thousand brackets cost no stack', () => {
  const deep = '['.repeat(100_000);
  assert.equal(check(deep).offset, 100_000);
  assert.equal(check(deep + ']'.repeat(100_000)), null);
  assert.equal(indented(deep + ']'.repeat(100_000)), null);
});

test('the layout keeps numbers, escapes and repeated keys as written', () => {
  const text = '{"n":12345678901234567890.10,"n":1e400,"s":"\\u00e9\\/","l":[1, [],{}]}';
  assert.equal(
    indented(text),
    '{\n  "n": 12345678901234567890.10,\n  "n": 1e400,\n  "s": "\\u00e9\\/",\n  "l": [\n    1,\n    [],\n    {}\n  ]\n}',
  );
});

test('tokens cover the text', () => {
  const text = ' {"a" : [ -1.5e3 , "x\\"y" ] } ';
  const spelled = [...tokens(text)].map(({ from, to }) => text.slice(from, to)).join('');
  assert.equal(spelled, text.replaceAll(' ', ''));
});
