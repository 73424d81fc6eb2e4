/** An app that had the page's address before: what it left there sees nothing. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, test } from 'node:test';

import { launch, open, post, Sandbox, until } from '../harness.mjs';

const SCRIPT = `
  self.addEventListener('install', () => self.skipWaiting());
  self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
  self.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));
`;

/** An app that has a service worker for its whole address. */
async function app() {
  const server = createServer((request, answer) => {
    const isScript = request.url === '/worker.js';
    answer.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    answer.end(isScript ? SCRIPT : '<script>navigator.serviceWorker.register("/worker.js")</script>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: server.address().port };
}

const browser = await launch();
after(() => browser.close());

test('a service worker that another app left at this address is sent away', async () => {
  const { server, port } = await app();
  const page = await open(browser, `http://127.0.0.1:${port}/`);
  const workers = () => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
  await until(workers, 1, 'the app has its worker');
  server.closeAllConnections();
  await new Promise((done) => { server.close(done); });

  const sandbox = await Sandbox.make();
  const running = await sandbox.listen(`--inspect=${port}`);
  await post(running.url);
  await page.goto('about:blank');
  await page.goto(running.page);
  await page.getByRole('option').first().waitFor();
  await until(workers, 0, 'it is gone');
  assert.equal(await page.evaluate(() => navigator.serviceWorker.controller), null, 'nothing stands between');
});
