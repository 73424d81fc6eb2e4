/** The first two minutes: send a fixture, look at it, replay it edited, without reading anything. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, Sandbox } from '../harness.mjs';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const rows = (page) => page.getByRole('option');

test('with nothing configured: send a fixture to the listener and replay it edited', async () => {
  const sandbox = await Sandbox.make();
  const running = await sandbox.listen();
  const page = await open(browser, running.page);
  await page.getByRole('button', { name: 'Send a test event' }).last().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: /^Send/ }).last().click();
  await dialog.getByText('200').first().waitFor();
  await page.keyboard.press('Escape');
  await rows(page).first().click();
  await page.getByRole('button', { name: /Edit and replay/ }).click();
  const body = dialog.getByRole('textbox', { name: 'Body' });
  await body.waitFor();
  const text = await body.inputValue();
  await body.fill(text.replace('{', '{"added_by_hand":true,'));
  await dialog.getByRole('button', { name: /^(Replay|Send)/ }).last().click();
  await dialog.getByText('200').first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Search events' }).fill('json:/added_by_hand=true');
  await page.getByRole('heading', { name: /^1 / }).waitFor();
  assert.deepEqual(await page.wrong(), []);
  await sandbox.end();
});

test('with a secret: the fixture of a chosen provider is signed by its label and found valid', async () => {
  const sandbox = await Sandbox.make({ STRIPE_WEBHOOK_SECRET: SECRET });
  const running = await sandbox.listen();
  const page = await open(browser, running.page);
  const told = [];
  page.on('response', async (answer) => told.push(await answer.text().catch(() => '')));
  await page.getByRole('heading', { name: 'Waiting for the first event' }).waitFor();
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  const pick = dialog.getByRole('combobox').or(dialog.getByRole('searchbox')).first();
  await pick.fill('stripe invoice.paid');
  await dialog.getByRole('option', { name: /invoice\.paid/ }).first().click();
  const body = dialog.getByRole('textbox', { name: 'Body' });
  await body.waitFor();
  await page.waitForFunction(() => /invoice/.test(document.querySelector('dialog textarea')?.value));
  await dialog.getByRole('button', { name: /^Send/ }).last().click();
  await dialog.getByText('200').first().waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[role=option].valid').filter({ hasText: 'invoice.paid' }).waitFor();
  assert.ok(!told.join().includes(SECRET) && !(await page.content()).includes(SECRET), 'the secret stays in hookctl');
  await sandbox.end();
});

test('a wrong signature says which check failed, why, and the cure', async () => {
  const sandbox = await Sandbox.make({ HOOK_SECRET: 'the-right-one' , OTHER: 'the-wrong-one' });
  const running = await sandbox.listen('--provider', 'prospektr', '--secret-env', 'HOOK_SECRET');
  const page = await open(browser, running.page);
  await sandbox.run(['send', 'prospektr/prospect.added', '--to', running.url, '--secret-env', 'OTHER']);
  await page.locator('[role=option].invalid').click();
  const card = page.getByRole('region', { name: 'Verdict' });
  await card.waitFor();
  const text = await card.innerText();
  assert.match(text, /expected/i);
  assert.match(text, /received/i);
  assert.match(text, /secret/i);
  const top = (await card.boundingBox()).y;
  const request = (await page.getByRole('region', { name: 'Request' }).boundingBox()).y;
  assert.ok(top < request, 'it comes before the request');
  await sandbox.end();
});
