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
const running = await sandbox.start('listen', '--port', '4000', '--inspect=4040', '-f', '3000');
const known = (await sandbox.run(['fixtures', 'list', '--json'])).out.trim().split('\n').map((line) => JSON.parse(line));
const names = new Set(known.map(({ provider, event }) => `${provider}/${event}`));
for (let turn = 0; turn < 4; turn += 1) {
  for (const event of EVENTS.filter((one) => names.has(one))) {
    await sandbox.run(['send', event, '--to', running.url]);
    await new Promise((done) => { setTimeout(done, 150); });
  }
}
await sandbox.run(['send', 'stripe/invoice.paid', '--to', running.url, '--tamper', 'body']);
await post(running.url, '{"type":"invoice.paid"}');
await sandbox.run(['send', 'stripe/invoice.paid', '--to', running.url]);

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
