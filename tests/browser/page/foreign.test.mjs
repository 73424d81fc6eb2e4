/** Pages of strangers in the same browser: they read nothing and change nothing. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { call, launch, post, Sandbox } from '../harness.mjs';

let sandbox;
let running;
let stranger;
let app;
let delivered = 0;

before(async () => {
  app = createServer((_, answer) => { delivered += 1; answer.end(); }).listen(0, '127.0.0.1');
  stranger = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><title>a stranger</title>')).listen(0, '127.0.0.1');
  await Promise.all([once(app, 'listening'), once(stranger, 'listening')]);
  sandbox = await Sandbox.make();
  running = await sandbox.listen('-f', `http://127.0.0.1:${app.address().port}/`);
  await post(running.url, '{"sentinel":"SENTINEL"}');
});
after(async () => { app.close(); stranger.close(); await sandbox.end(); });

/** Everything a page can try from script, against one origin; gives whatever it could read. */
const attack = async ([origin, id, token]) => {
  const read = [];
  const paths = ['/', '/api/status', '/api/events', `/api/events/${id}`, `/api/events/${id}/body`, `/api/events/${id}/replay`,
    `/api/events/${id}/pin`, '/api/send', '/api/stream', '/api/openapi.json', '/main.js'];
  const bodies = { plain: '{"pinned":true,"to":null}', form: new URLSearchParams({ pinned: 'true' }) };
  const attempts = [];
  for (const path of paths) {
    for (const [method, body] of [['GET', undefined], ['POST', bodies.plain], ['POST', bodies.form]]) {
      for (const options of [{ mode: 'cors' }, { mode: 'no-cors' }, { mode: 'cors', credentials: 'include' },
        { mode: 'cors', headers: { 'hookctl-token': token, 'content-type': 'application/json' } }]) {
        attempts.push(fetch(origin + path, { method, body, signal: AbortSignal.timeout(4000), ...options })
          .then((answer) => answer.text()).then((text) => text && read.push(`${method} ${path}: ${text.slice(0, 80)}`)).catch(() => {}));
      }
    }
    attempts.push(new Promise((done) => {
      const image = new Image();
      image.onload = () => { read.push(`image ${path}`); done(); };
      image.onerror = done;
      image.src = origin + path;
    }));
    attempts.push(new Promise((done) => {
      const source = new EventSource(origin + path);
      source.onmessage = (event) => read.push(`stream ${path}: ${event.data}`);
      source.onopen = () => read.push(`stream ${path} opened`);
      setTimeout(() => { source.close(); done(); }, 600);
    }));
    attempts.push(new Promise((done) => {
      try {
        const socket = new WebSocket(origin.replace('http', 'ws') + path);
        socket.onopen = () => { read.push(`socket ${path}`); done(); };
        socket.onerror = done;
      } catch { done(); }
    }));
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: origin + path, enctype: 'text/plain', target: 'frame' });
    const field = document.createElement('input');
    Object.assign(field, { name: '{"pinned":true,"x":"', value: '"}' });
    form.append(field);
    document.body.append(form);
    const frame = document.createElement('iframe');
    frame.name = 'frame';
    document.body.append(frame);
    form.submit();
    attempts.push(new Promise((done) => { setTimeout(() => {
      try { if (frame.contentDocument?.body?.innerText) read.push(`frame ${path}`); } catch { /* It may not look inside. */ }
      frame.remove();
      done();
    }, 400); }));
  }
  await Promise.all(attempts);
  return read;
};

async function history() {
  const { body } = await call(running, '/api/events');
  return JSON.stringify(body.events);
}

test('a page of another origin reads nothing and changes nothing, even if it knows the token', async () => {
  const browser = await launch();
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://localhost:${stranger.address().port}/`);
  const [before, count] = [await history(), delivered];
  const { body } = await call(running, '/api/events');
  const port = new URL(running.inspector).port;
  for (const origin of [running.inspector, `http://localhost:${port}`, `http://0.0.0.0:${port}`, `http://[::1]:${port}`]) {
    assert.deepEqual(await page.evaluate(attack, [origin, body.events[0].id, running.token]), [], origin);
  }
  assert.equal(await history(), before);
  assert.equal(delivered, count);
  await browser.close();
});

test('a name that is made to resolve to this machine reads nothing, though it is the same origin then', async () => {
  const browser = await launch('--host-resolver-rules=MAP evil.test 127.0.0.1');
  const page = await (await browser.newContext()).newPage();
  const origin = `http://evil.test:${new URL(running.inspector).port}`;
  const answer = await page.goto(`${origin}/`);
  assert.equal(answer.status(), 421);
  const [before, count] = [await history(), delivered];
  const { body } = await call(running, '/api/events');
  const read = await page.evaluate(attack, [origin, body.events[0].id, running.token]);
  // The same origin may read the refusals; there is nothing else in them.
  const told = read.filter((one) => !one.includes('wrong_host') && !one.startsWith('frame '));
  assert.deepEqual(told, []);
  assert.equal(await history(), before);
  assert.equal(delivered, count);
  await browser.close();
});

test('the page shows itself in nobody’s frame', async () => {
  const browser = await launch();
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://localhost:${stranger.address().port}/`);
  await page.evaluate((url) => {
    const frame = document.createElement('iframe');
    frame.src = url;
    document.body.append(frame);
    return new Promise((done) => { frame.onload = done; });
  }, running.page);
  const inside = page.frames().find((frame) => frame !== page.mainFrame());
  assert.equal(await inside.getByRole('listbox').count(), 0);
  await browser.close();
});
