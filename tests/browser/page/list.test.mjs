/** The list: newest first, live, still while somebody reads, and as long as the history. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, post, Sandbox, until } from '../harness.mjs';

let browser;
let sandbox;
before(async () => { browser = await launch(); sandbox = await Sandbox.make(); });
after(async () => { await browser.close(); await sandbox.end(); });

const rows = (page) => page.getByRole('option');
const body = (number) => JSON.stringify({ type: `order.number${number}`, number });
/** Posts that follow each other. */
async function send(url, from, to) {
  for (let number = from; number <= to; number += 1) await post(url, body(number), {}, `/hook/${number}`);
}

test('events are there newest first, and a new one comes by itself', async () => {
  const running = await sandbox.listen();
  await send(running.url, 1, 3);
  const page = await open(browser, running.page);
  await rows(page).nth(2).waitFor();
  assert.match(await rows(page).first().innerText(), /\/hook\/3/);
  await send(running.url, 4, 4);
  await rows(page).filter({ hasText: '/hook/4' }).waitFor();
  await until(() => rows(page).first().innerText(), /\/hook\/4/);
  assert.equal(await page.getByRole('heading', { name: '4 events' }).count(), 1);
  assert.deepEqual(await page.wrong(), []);
  await running.end();
});

test('the address bar never shows the token, and the tab keeps it', async () => {
  const running = await sandbox.listen();
  const page = await open(browser, running.page);
  await rows(page).first().waitFor();
  assert.ok(!page.url().includes(running.token), page.url());
  await page.reload();
  await rows(page).first().waitFor();
  const stored = await page.evaluate(() => [Object.keys(localStorage).map((key) => localStorage[key]).join(), document.cookie]);
  assert.ok(!stored.join().includes(running.token), 'neither a cookie nor what other tabs could read');
  await running.end();
});

test('a page without the token asks for the printed URL and takes it', async () => {
  const running = await sandbox.listen();
  const page = await open(browser, `${running.inspector}/`);
  const field = page.getByLabel('Printed URL');
  await field.fill('http://127.0.0.1:1/');
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('alert').waitFor();
  await field.fill(running.page);
  await page.getByRole('button', { name: 'Open' }).click();
  await rows(page).first().waitFor();
  assert.deepEqual(await page.wrong(), []);
  await running.end();
});

test('a new event moves nothing while one is read: a pill counts it', async () => {
  const running = await sandbox.listen();
  await send(running.url, 10, 12);
  const page = await open(browser, running.page);
  await rows(page).filter({ hasText: '/hook/11' }).click();
  const selected = page.locator('[role=option][aria-selected=true]');
  const before = await selected.boundingBox();
  await send(running.url, 13, 14);
  const pill = page.getByRole('button', { name: '2 new events' });
  await pill.waitFor();
  assert.match(await selected.innerText(), /\/hook\/11/);
  assert.deepEqual(await selected.boundingBox(), before, 'it stays where it is');
  await pill.click();
  await rows(page).filter({ hasText: '/hook/14' }).waitFor();
  assert.match(await selected.innerText(), /\/hook\/11/, 'and stays selected');
  await running.end();
});

test('retries of one delivery are one row with their number', async () => {
  const running = await sandbox.listen('--provider', 'github');
  const headers = { 'x-github-event': 'ping', 'x-github-delivery': 'd7f0-once' };
  const page = await open(browser, running.page);
  for (let attempt = 0; attempt < 3; attempt += 1) await post(running.url, '{"zen":"x"}', headers);
  const folded = rows(page).filter({ hasText: 'attempts of one delivery' });
  await folded.filter({ hasText: '3' }).waitFor();
  assert.equal(await rows(page).filter({ hasText: 'ping' }).count(), 1);
  await page.reload();
  await folded.waitFor();
  assert.equal(await rows(page).filter({ hasText: 'ping' }).count(), 1, 'also when it is loaded anew');
  await folded.click();
  const arrivals = page.getByRole('navigation', { name: 'Arrivals of this delivery' });
  await arrivals.waitFor();
  assert.equal(await arrivals.getByRole('button').count(), 2);
  await running.end();
});

test('search takes the words of the command line, live, and says what is wrong with a word', async () => {
  const running = await sandbox.listen();
  await send(running.url, 20, 22);
  const page = await open(browser, running.page);
  const search = page.getByRole('textbox', { name: 'Search events' });
  await search.fill('json:/number=21');
  await page.getByRole('heading', { name: /^1 / }).waitFor();
  assert.match(await rows(page).first().innerText(), /\/hook\/21/);
  await send(running.url, 23, 23);
  await send(running.url, 21, 21);
  await page.getByRole('heading', { name: /^2 / }).waitFor();
  assert.equal(await rows(page).count(), 2, 'what does not match does not come in');
  const command = await page.locator('.list-head .command code').innerText();
  const words = command.match(/--filter '?([^']*)'?$/)[1];
  const listed = await sandbox.run(['events', 'list', '--json', '--filter', words]);
  assert.equal(listed.out.trim().split('\n').length, 2, 'the terminal shows the same');
  await search.fill('verdict:wrong');
  await page.getByRole('alert').waitFor();
  assert.match(await page.getByRole('alert').innerText(), /valid/);
  assert.equal(await rows(page).count(), 2, 'the list stays');
  await search.fill('nothing-has-this-text');
  await page.getByRole('heading', { name: 'No event matches' }).waitFor();
  assert.deepEqual(await page.wrong(), []);
  await running.end();
});

test('what is typed while a search begins is not lost', async () => {
  const running = await sandbox.listen();
  const page = await open(browser, running.page);
  await rows(page).first().waitFor();
  const search = page.getByRole('textbox', { name: 'Search events' });
  const text = 'hook and more';
  await search.focus();
  // As slowly as makes each letter a search of its own, and some come just when one begins.
  for (const [place, letter] of [...text].entries()) {
    await page.keyboard.type(letter);
    await page.waitForTimeout(230 + 4 * place);
  }
  assert.equal(await search.inputValue(), text);
  await running.end();
});

test('an empty page teaches how to fill it', async () => {
  const other = await Sandbox.make();
  const running = await other.listen();
  const page = await open(browser, running.page);
  await page.getByText(`hookctl send github/push --to ${running.url}`).waitFor();
  const sent = await other.run(['send', 'github/push', '--to', running.url]);
  assert.equal(sent.code, 0, sent.said);
  await rows(page).filter({ hasText: 'push' }).waitFor();
  await running.end();
  await other.end();
});

test('a long history scrolls from end to end with few rows in the page', async () => {
  const other = await Sandbox.make();
  const COUNT = 3000;
  const line = (number) => JSON.stringify({ v: 1, type: 'event', event: { ...EVENT, id: id(number), request: { ...EVENT.request, path: `/n/${number}` } }, deliveries: [], waiting: [] });
  const lines = Array.from({ length: COUNT }, (_, number) => line(number + 1)).join('\n');
  const imported = await other.run(['events', 'import', '-'], lines);
  assert.equal(imported.code, 0, imported.said);
  const running = await other.start('inspect', '0');
  const page = await open(browser, running.page);
  await rows(page).filter({ hasText: `/n/${COUNT}` }).waitFor();
  await page.getByRole('listbox', { name: 'Events' }).focus();
  await page.keyboard.press('G');
  await page.locator('.row-request', { hasText: /\/n\/1$/ }).waitFor();
  await until(() => page.locator('[role=option][aria-selected=true]').getAttribute('aria-posinset'), String(COUNT));
  await page.keyboard.press('g');
  await rows(page).filter({ hasText: `/n/${COUNT}` }).waitFor();
  const list = page.getByRole('listbox', { name: 'Events' });
  for (let step = 0; step < 40; step += 1) {
    await list.evaluate((element, share) => { element.scrollTop = element.scrollHeight * share; }, (step * 7 % 40) / 40);
  }
  assert.ok((await rows(page).count()) < 60, 'the page holds what is seen');
  assert.deepEqual(await page.wrong(), []);
  await running.end();
  await other.end();
});

/** An id that grows with its number. */
const id = (number) => `019aa899-${number.toString(16).padStart(4, '0')}-7000-8000-000000000001`;
const EVENT = {
  received_at: '2026-11-21T15:04:05.000000Z', provider: 'prospektr', event_type: 'prospect.added', delivery_id: null, handshake: null,
  verdict: { status: 'valid', scheme: 'sha256', reason: null, hint: null }, retry: null,
  request: { method: 'POST', query: null, remote: '127.0.0.1:5000', headers: [['content-type', 'application/json']], body: '{}',
    body_encoding: 'utf8', body_bytes: 2, body_sha256: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' },
};
