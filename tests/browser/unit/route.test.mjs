import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.location = { hash: '', origin: 'http://127.0.0.1:4040', pathname: '/' };
globalThis.history = { replaceState: (_state, _title, hash) => { location.hash = hash; } };

const { linkTo, readRoute, routeText, takeToken, tokenIn } = await import('../../../src/inspector/page/route.js');

const TOKEN = '0123456789abcdef0123456789ABCDEF';
const ID = '019aa899-d1c8-7000-8000-000000000001';

const taken = (hash) => {
  location.hash = hash;
  return { token: takeToken(), hash: location.hash };
};

test('a route is read as it was written', () => {
  for (const filter of ['', 'is:failed', 'json:/a="b c"', '100% #1 ?x=1&y=+z', 'ä🦀', 'token=abc', '/events/x']) {
    for (const id of [null, ID, 'a/b?c#d']) {
      assert.deepEqual(readRoute(routeText({ id, filter })), { id, filter }, `${id} ${filter}`);
    }
  }
});

test('an address that nobody wrote leads to the list and breaks nothing', () => {
  for (const hash of ['', '#', '#/', '#nothing', '#/events/', '#/events', '#%', '#?', '#/x?filter']) {
    assert.deepEqual(readRoute(hash), { id: null, filter: '' }, hash);
  }
  assert.deepEqual(readRoute('#/events/%zz?filter=%'), { id: '%zz', filter: '%' });
});

test('a token is found in what people paste, and nothing else is taken for one', () => {
  for (const text of [TOKEN, ` ${TOKEN}\n`, `http://127.0.0.1:4040/#token=${TOKEN}`, `#token=${TOKEN}`, `#/events/${ID}?token=${TOKEN}`]) {
    assert.equal(tokenIn(text), TOKEN, text);
  }
  for (const text of ['', 'token', TOKEN.slice(1), `${TOKEN}0`, `x${TOKEN}`, `http://h/${TOKEN}`, `#token=${TOKEN}0`, ID]) {
    assert.equal(tokenIn(text), null, text);
  }
});

test('the token leaves the address bar and the rest of it stays', () => {
  assert.deepEqual(taken(`#token=${TOKEN}`), { token: TOKEN, hash: '#/' });
  assert.deepEqual(taken(`#/events/${ID}?token=${TOKEN}`), { token: TOKEN, hash: `#/events/${ID}` });
  assert.deepEqual(taken(`#/events/${ID}?token=${TOKEN}&filter=a`), { token: TOKEN, hash: `#/events/${ID}?filter=a` });
  assert.deepEqual(taken(`#/?filter=a&token=${TOKEN}`), { token: TOKEN, hash: '#/?filter=a' });
});

test('what only looks like a token goes too, and is none', () => {
  for (const hash of ['#token=', '#token=short', `#token=${TOKEN}0`, '#/?token=<script>']) {
    assert.deepEqual(taken(hash), { token: null, hash: '#/' }, hash);
  }
});

test('an address without a token stays as it is', () => {
  for (const hash of ['', '#/', `#/events/${ID}?filter=a`, routeText({ id: null, filter: `token=${TOKEN}` })]) {
    assert.deepEqual(taken(hash), { token: null, hash }, hash);
  }
});

test('a link to an event holds no token', () => {
  location.hash = `#token=${TOKEN}`;
  assert.equal(linkTo(ID), `http://127.0.0.1:4040/#/events/${ID}`);
});
