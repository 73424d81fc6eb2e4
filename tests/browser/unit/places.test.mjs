import assert from 'node:assert/strict';
import { test } from 'node:test';

import { filterOf } from '../../../src/inspector/page/detail/places.js';

test('a value that looks like a quote or an operator is asked for as it is', () => {
  assert.equal(filterOf('query:a', "'x'"), `query:a="'x'"`);
  assert.equal(filterOf('query:a', '=x'), 'query:a="=x"');
  assert.equal(filterOf('query:a', '~x'), 'query:a="~x"');
  assert.equal(filterOf('query:a', 'C:\\my files'), 'query:a="C:\\\\my files"');
  assert.equal(filterOf('query:a', 'C:\\files'), 'query:a=C:\\files');
});

test('a place whose name holds an operator has no filter', () => {
  for (const place of ['json:/a~1b', 'json:/a=b', 'query:a>b', 'query:a!', 'form:a<b']) assert.equal(filterOf(place, '"1"'), null, place);
  assert.equal(filterOf('header:x-topic#2', 'order'), 'header:x-topic=order');
});
