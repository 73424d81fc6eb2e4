import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fields, replaced, shown, typed } from '../../../src/inspector/page/detail/fields.js';

const TEXT = '{ "id":"a\\u0062", "n":10000000000000000000001, "list":[1, {"deep/er":null}], "ok":true }';

const at = (text, place) => fields(text).fields.find((field) => field.place === place);

test('every value that is no container is a field with its place', () => {
  assert.deepEqual(
    fields(TEXT).fields.map(({ place, kind }) => `${place} ${kind}`),
    ['/id string', '/n number', '/list/0 number', '/list/1/deep~1er null', '/ok boolean'],
  );
});

test('an edit changes one value and no other byte', () => {
  const field = at(TEXT, '/list/0');
  const edited = replaced(TEXT, field, typed(field, '10.50').literal);
  assert.equal(edited, TEXT.replace('[1,', '[10.50,'));
  assert.equal(shown(at(edited, '/n')), '10000000000000000000001');
});

test('a string that is typed as it was keeps its escapes', () => {
  const field = at(TEXT, '/id');
  assert.equal(shown(field), 'ab');
  assert.deepEqual(typed(field, 'ab'), { literal: '"a\\u0062"' });
  assert.deepEqual(typed(field, 'a"b'), { literal: '"a\\"b"' });
});

test('what is no number is refused for a number', () => {
  const field = at(TEXT, '/n');
  assert.deepEqual(typed(field, '1.'), { error: 'not a number' });
  assert.deepEqual(typed(field, '"1"'), { error: 'not a number' });
  assert.deepEqual(typed(field, ' 7 '), { literal: '7' });
});

test('a scalar alone is a field, and a long text is cut', () => {
  assert.deepEqual(fields('7').fields[0].place, '');
  const long = fields(`[${'1,'.repeat(1000)}1]`);
  assert.equal(long.fields.length, 400);
  assert.equal(long.isCut, true);
});
