import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sendAway } from '../../../src/inspector/page/lodgers.js';

/** Service workers as a browser has them; `goes` says of each whether it can be sent away. */
function workers(controller, ...goes) {
  const left = [];
  return { left, controller, getRegistrations: async () => goes.map((can, at) => ({ unregister: async () => { left.push(at); return can; } })) };
}

test('a page is loaded anew only where that rids it of what stands in its way', async () => {
  const watched = workers({}, true, true);
  assert.equal(await sendAway(watched), true);
  assert.deepEqual(watched.left, [0, 1]);
  assert.equal(await sendAway(workers({}, true, false)), false, 'it would be loaded anew for ever');
  assert.equal(await sendAway(workers({})), false);
  assert.equal(await sendAway({ controller: {}, getRegistrations: async () => { throw new Error('forbidden'); } }), false);
});

test('a page in whose way nothing stands waits for nothing, and sends away all the same', async () => {
  const idle = workers(null, true);
  assert.equal(await sendAway(idle), false);
  await new Promise((done) => { setImmediate(done); });
  assert.deepEqual(idle.left, [0]);
  assert.equal(await sendAway(null), false, 'a browser without any');
});
