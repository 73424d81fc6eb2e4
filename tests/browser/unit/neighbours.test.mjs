import assert from 'node:assert/strict';
import { test } from 'node:test';

const TOKEN = '0123456789abcdef0123456789abcdef';
let kept = null;
globalThis.sessionStorage = { getItem: () => kept, setItem: (_key, value) => { kept = value; }, removeItem: () => { kept = null; } };

const { answerNeighbours, askNeighbours } = await import('../../../src/inspector/page/neighbours.js');

/** What a tab with this token tells another one that asks. */
async function told(token, isLive) {
  kept = token;
  const answering = answerNeighbours(() => isLive);
  const found = [];
  const other = new BroadcastChannel('hookctl');
  other.onmessage = ({ data }) => data.token && found.push(data.token);
  other.postMessage({ ask: 'token' });
  await new Promise((done) => { setTimeout(done, 100); });
  answering.close();
  other.close();
  return found;
}

test('a tab that is connected tells its token to another one', async () => {
  assert.deepEqual(await told(TOKEN, true), [TOKEN]);
});

test('a tab that lost hookctl, or that has no token, tells nothing', async () => {
  assert.deepEqual(await told(TOKEN, false), []);
  assert.deepEqual(await told(null, true), []);
});

test('a tab keeps the token that it is told, and takes nothing else for one', async () => {
  for (const [offered, expected] of [[TOKEN, TOKEN], ['<script>', null], [42, null]]) {
    kept = null;
    const other = new BroadcastChannel('hookctl');
    other.onmessage = ({ data }) => data.ask && other.postMessage({ token: offered });
    await askNeighbours();
    other.close();
    assert.equal(kept, expected);
  }
});
