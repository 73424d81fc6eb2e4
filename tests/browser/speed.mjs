/**
 * How fast the page is: first paint over a long history, from commit to screen, frames and memory under load.
 * Measured by hand, never as a test: `HOOKCTL=target/release/hookctl node tests/browser/speed.mjs [EVENTS]`
 */

import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { launch, open, post, Sandbox } from './harness.mjs';

const EVENTS = Number(process.argv[2] ?? 100_000);
/** Events a second, and for how long. */
const RATE = 500;
const SECONDS = 20;

const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const say = (what, value) => console.log(`${what.padEnd(64)} ${value}`);
const ms = (value) => `${value.toFixed(0)} ms`;

/** A history of so many events, a minute apart, of several kinds. */
async function fill(sandbox) {
  const path = join(sandbox.folder, 'events.jsonl');
  const file = createWriteStream(path);
  const start = Date.now() - EVENTS * 60_000;
  const verdicts = ['valid', 'valid', 'valid', 'valid', 'invalid'];
  for (let number = 0; number < EVENTS; number += 1) {
    const time = start + number * 60_000;
    const hex = time.toString(16).padStart(12, '0');
    const body = JSON.stringify({ type: `order.${number % 7}`, id: number, customer: { name: `Customer ${number}`, email: `c${number}@example.com` }, text: 'x'.repeat(400) });
    const event = {
      id: `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${number.toString(16).padStart(12, '0')}`,
      received_at: new Date(time).toISOString().replace('Z', '000Z'), provider: ['stripe', 'github', 'shopify'][number % 3],
      event_type: `order.${number % 7}`, delivery_id: `d-${number}`, handshake: null,
      verdict: { status: verdicts[number % 5], scheme: 'sha256', reason: number % 5 === 4 ? 'the signature does not match' : null, hint: null }, retry: null,
      request: { method: 'POST', path: `/hooks/${number % 11}`, query: null, remote: '127.0.0.1:5000',
        headers: [['content-type', 'application/json'], ['user-agent', 'Hook/1.0'], ['x-request-id', `r-${number}`]],
        body, body_encoding: 'utf8', body_bytes: body.length, body_sha256: createHash('sha256').update(body).digest('hex') },
    };
    const delivery = { target: 'http://localhost:3000/', attempt: 1, status: number % 9 ? 200 : 500, duration_ms: 12.5, error: null,
      response: { headers: [], body: 'ok', body_encoding: 'utf8', truncated: false } };
    const line = { v: 1, type: 'event', event, deliveries: [{ made_at: event.received_at, delivery }], waiting: [] };
    if (!file.write(`${JSON.stringify(line)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  const imported = await sandbox.run(['events', 'import', path]);
  if (imported.code !== 0) throw new Error(imported.said);
}

async function firstPaint(browser, running) {
  const paints = [];
  const lists = [];
  for (let turn = 0; turn < 7; turn += 1) {
    const page = await open(browser, 'about:blank'.replace('about:blank', running.inspector.replace(/$/, '/favicon.svg')));
    await page.context().addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector('[role=option]:not([aria-busy])')) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => { window.firstRow = performance.now(); }));
      }).observe(document, { subtree: true, childList: true });
    });
    await page.goto(running.page);
    await page.waitForFunction(() => window.firstRow);
    const { paint, row } = await page.evaluate(() => ({ paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, row: window.firstRow }));
    paints.push(paint);
    lists.push(row);
    await page.context().close();
  }
  say(`first contentful paint, ${EVENTS} events (median of 7)`, ms(quantile(paints, 0.5)));
  say(`first rows painted, ${EVENTS} events (median, worst)`, `${ms(quantile(lists, 0.5))}, ${ms(Math.max(...lists))}`);
}

async function toScreen(browser, running) {
  const page = await open(browser, running.page);
  await page.getByRole('option').first().waitFor();
  await page.evaluate(() => {
    window.seenAt = {};
    new MutationObserver(() => {
      for (const row of document.querySelectorAll('[role=option]')) {
        const [path] = row.textContent.match(/\/live\/\d+/) ?? [];
        if (path && !window.seenAt[path]) window.seenAt[path] = Date.now();
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  const waits = [];
  for (let number = 0; number < 60; number += 1) {
    const path = `/live/${number}`;
    await post(running.url, '{"live":true}', {}, path);
    const committed = Date.now();
    await page.waitForFunction((wanted) => window.seenAt[wanted], path, { polling: 5 });
    waits.push(Math.max(0, await page.evaluate((wanted) => window.seenAt[wanted], path) - committed));
    await new Promise((done) => { setTimeout(done, 37); });
  }
  say('from the answer (after the commit) to the row (median, p95, worst)', `${ms(quantile(waits, 0.5))}, ${ms(quantile(waits, 0.95))}, ${ms(Math.max(...waits))}`);
  await page.context().close();
}

async function underLoad(browser, running) {
  const page = await open(browser, running.page);
  await page.getByRole('option').first().waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const of = (name) => metrics.find((one) => one.name === name).value;
    return { mb: of('JSHeapUsedSize') / 1048576, nodes: of('Nodes') };
  };
  const before = await heap();
  await page.evaluate(() => {
    window.frames = [];
    let last = performance.now();
    const tick = (now) => { window.frames.push(now - last); last = now; requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
    const list = document.querySelector('[role=listbox]');
    setInterval(() => { list.scrollTop = (list.scrollTop + 97) % 20_000; }, 33);
  });
  const start = Date.now();
  let sent = 0;
  while (Date.now() - start < SECONDS * 1000) {
    const due = Math.floor(((Date.now() - start) / 1000) * RATE);
    const batch = [];
    for (; sent < due; sent += 1) batch.push(post(running.url, `{"n":${sent}}`, {}, `/load/${sent}`));
    await Promise.all(batch);
    await new Promise((done) => { setTimeout(done, 5); });
  }
  const frames = await page.evaluate(() => window.frames.slice(5));
  const after = await heap();
  say(`${sent} events at ${(sent / SECONDS).toFixed(0)}/s, scrolling: frames p50, p95, p99, worst`,
    [0.5, 0.95, 0.99, 1].map((share) => ms(quantile(frames, share))).join(', '));
  say('heap of the tab before and after (MB), elements', `${before.mb.toFixed(1)}, ${after.mb.toFixed(1)}; ${before.nodes}, ${after.nodes}`);
  await page.context().close();
}

const sandbox = await Sandbox.make();
const browser = await launch();
try {
  await fill(sandbox);
  const running = await sandbox.listen();
  await firstPaint(browser, running);
  await toScreen(browser, running);
  await underLoad(browser, running);
} finally {
  await browser.close();
  await sandbox.end();
}
