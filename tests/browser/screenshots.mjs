/**
 * The pictures in docs/: `HOOKCTL=target/debug/hookctl node tests/browser/screenshots.mjs`
 */

import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { launch, open, post, Sandbox } from './harness.mjs';

const DOCS = new URL('../../docs/', import.meta.url).pathname;
const SECRETS = { STRIPE_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', GITHUB_WEBHOOK_SECRET: 'one-secret', SHOPIFY_API_SECRET: 'another' };
const EVENTS = ['github/push', 'stripe/customer.created', 'github/issues.opened', 'stripe/payment_intent.succeeded', 'github/pull_request.opened', 'stripe/invoice.paid'];

/** An app that takes most of what it gets. */
const app = createServer((request, answer) => {
  request.resume().on('end', () => setTimeout(() => {
    answer.statusCode = request.headers['x-github-event'] === 'issues' ? 500 : 200;
    answer.setHeader('content-type', 'application/json').end(JSON.stringify({ ok: answer.statusCode === 200 }));
  }, 8 + Math.random() * 30));
}).listen(3000, '127.0.0.1');
await once(app, 'listening');

const sandbox = await Sandbox.make(SECRETS);
const first = await sandbox.start('listen', '--port', '4000', '--inspect=4040', '-f', '3000');
for (let turn = 0; turn < 8; turn += 1) {
  for (const event of EVENTS) await sandbox.run(['send', event, '--to', first.url]);
  await post(first.url, '{"type":"invoice.paid"}');
  if (turn % 3 === 0) await sandbox.run(['send', 'github/push', '--to', first.url, '--tamper', 'signature']);
}
await first.end();

/** The same history, as if it had come over the last hour. */
const exported = (await sandbox.run(['events', 'export', '--as', 'jsonl', '--reveal', '-o', '-'])).out.trim().split('\n').map((line) => JSON.parse(line));
const HOUR = 3_600_000;
const step = HOUR / exported.length;
const spread = exported.map((line, index) => {
  const shift = Date.now() - HOUR + index * step * (0.7 + 0.3 * Math.sin(index / 4)) - Date.parse(line.event.received_at);
  const moved = (time) => new Date(Date.parse(time) + shift).toISOString().replace('Z', '000Z');
  const hex = (Date.parse(line.event.received_at) + Math.round(shift)).toString(16).padStart(12, '0');
  const id = `${hex.slice(0, 8)}-${hex.slice(8)}${line.event.id.slice(13)}`;
  const deliveries = line.deliveries.map((one) => ({ ...one, made_at: moved(one.made_at) }));
  return { ...line, event: { ...line.event, id, received_at: moved(line.event.received_at) }, deliveries };
});
spread.sort((a, b) => (a.event.received_at < b.event.received_at ? -1 : 1));
const imported = await sandbox.run(['events', 'import', '-', '--db', 'shown.db'], spread.map((line) => JSON.stringify(line)).join('\n'));
if (imported.code !== 0) throw new Error(imported.said);
const running = await sandbox.start('listen', '--port', '4000', '--inspect=4040', '-f', '3000', '--db', 'shown.db');
// What a framework does that parses a body and writes it anew.
const [right] = (await sandbox.run(['send', 'stripe/invoice.paid', '--to', running.url, '--dry-run', '--json'])).out.trim().split('\n').map((line) => JSON.parse(line));
await post(running.url, JSON.stringify(JSON.parse(right.body)), Object.fromEntries(right.headers.filter(([name]) => name !== 'content-length')), '/');
for (const event of ['github/push', 'stripe/invoice.paid', 'stripe/invoice.paid']) await sandbox.run(['send', event, '--to', running.url]);

const browser = await launch();
const shoot = async (name, go, options = {}) => {
  const page = await open(browser, running.page, { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1, reducedMotion: 'reduce', ...options });
  await page.getByRole('option').first().waitFor();
  await go(page);
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${DOCS}${name}.png` });
  await page.context().close();
};
const pick = async (page, verdict, place = 0) => {
  await page.locator(`[role=option].${verdict}`).nth(place).click();
  await page.locator('article[aria-busy=false]').waitFor();
};

await mkdir(DOCS, { recursive: true });
await shoot('inspector', (page) => pick(page, 'valid'));
await shoot('inspector-dark', (page) => pick(page, 'valid', 2), { colorScheme: 'dark' });
await shoot('inspector-verdict', (page) => pick(page, 'invalid'));
await shoot('inspector-send', async (page) => { await page.keyboard.press('n'); await page.getByRole('dialog').waitFor(); });
await shoot('inspector-replay', async (page) => { await pick(page, 'valid'); await page.keyboard.press('e'); await page.getByRole('dialog').waitFor(); });
await shoot('inspector-compare', async (page) => {
  await pick(page, 'valid', 0);
  await page.keyboard.press('d');
  await page.keyboard.press('Escape');
  await page.locator('[role=option].valid').filter({ hasText: 'invoice.paid' }).nth(1).click();
  await page.locator('article[aria-busy=false]').waitFor();
  await page.keyboard.press('d');
  await page.getByRole('dialog').waitFor();
}, { colorScheme: 'dark' });
await shoot('inspector-narrow', (page) => pick(page, 'valid'), { viewport: { width: 360, height: 740 } });
await browser.close();
await sandbox.end();
app.close();
