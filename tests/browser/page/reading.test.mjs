/** What somebody who reads relies on: rows that hide no failure, details that are of now, links that open, errors of this text. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { launch, open, post, Sandbox } from '../harness.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const rows = (page) => page.getByRole('option');
const search = (page) => page.getByRole('textbox', { name: 'Search events' });

/** An app under test that answers so; `hold` keeps its answers back until `release` is called. */
async function app(status, hold = false) {
  let release = () => {};
  const released = hold ? new Promise((done) => { release = done; }) : Promise.resolve();
  const server = createServer(async (request, answer) => {
    request.resume();
    await released;
    answer.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = () => server.closeAllConnections() ?? server.close();
  return { url: `http://127.0.0.1:${server.address().port}`, release, end };
}

test('one target that took an event hides none that did not', async () => {
  const sandbox = await Sandbox.make();
  const [good, bad] = [await app(200), await app(500)];
  const running = await sandbox.listen('--forward-retries', '0', '-f', bad.url, '-f', good.url);
  const page = await open(browser, running.page);
  await post(running.url, '{}');
  await rows(page).first().getByText('1 of 2 failed').waitFor();
  assert.deepEqual(await page.wrong(), []);
  good.end();
  bad.end();
  await sandbox.end();
});

test('a delivery is in flight until its target answers, and the event is of now whatever the list showed meanwhile', async () => {
  const sandbox = await Sandbox.make();
  const slow = await app(200, true);
  const running = await sandbox.listen('--respond', 'now', '-f', slow.url);
  const page = await open(browser, running.page);
  await post(running.url, '{}');
  await page.getByRole('group', { name: 'State' }).getByText('1 in flight').waitFor();
  await rows(page).first().click();
  const response = page.getByRole('region', { name: 'Response' });
  await response.getByText('Not delivered yet.').waitFor();
  await search(page).fill('nothing-at-all');
  await page.getByRole('heading', { name: 'No event matches' }).waitFor();
  slow.release();
  await page.getByRole('group', { name: 'State' }).getByText('listening').waitFor();
  await search(page).fill('');
  await response.getByText('✓ 200').first().waitFor();
  slow.end();
  await sandbox.end();
});

test('a link opens in a new tab while another tab has the token, and asks for it where none is open', async () => {
  const sandbox = await Sandbox.make();
  const running = await sandbox.listen();
  await post(running.url, '{"a":1}', {}, '/linked');
  const page = await open(browser, running.page);
  await rows(page).first().click();
  await page.getByRole('heading', { name: 'POST /linked' }).waitFor();
  await page.keyboard.press('y');
  await page.getByText('Link copied').or(page.getByText(/link/i)).first().waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(!link.includes(running.token), link);
  const second = await page.context().newPage();
  await second.goto(link);
  await second.getByRole('heading', { name: 'POST /linked' }).waitFor();
  const alone = await open(browser, link);
  await alone.getByLabel('Printed URL').fill(running.page);
  await alone.getByRole('button', { name: 'Open' }).click();
  await alone.getByRole('heading', { name: 'POST /linked' }).waitFor();
  assert.deepEqual(await alone.wrong(), []);
  await sandbox.end();
});

test('what is wrong with a text is said of that text, in one place', async () => {
  const sandbox = await Sandbox.make();
  const running = await sandbox.listen();
  await post(running.url, '{"a":1}');
  const page = await open(browser, running.page);
  await rows(page).first().waitFor();
  await search(page).fill('verdict:vald');
  await page.getByText('did you mean `valid`?').waitFor();
  assert.equal(await page.getByText(/is no verdict/).count(), 1);
  await search(page).fill('verdict:valid');
  await page.getByText('did you mean `valid`?').waitFor({ state: 'detached', timeout: 1000 });
  await page.getByRole('heading', { name: 'No event matches' }).waitFor();
  await sandbox.end();
});

test('a signature that nothing explains has causes with cures', async () => {
  const sandbox = await Sandbox.make({ GITHUB_SECRET: 'hush' });
  const running = await sandbox.listen('--provider', 'github', '--secret-env', 'GITHUB_SECRET');
  const page = await open(browser, running.page);
  for (const tamper of ['secret', 'missing']) {
    await sandbox.run(['send', 'github/push', '--to', running.url, '--secret-env', 'GITHUB_SECRET', '--tamper', tamper]);
  }
  await rows(page).nth(1).waitFor();
  await rows(page).nth(1).click();
  const verdict = page.getByRole('region', { name: 'Verdict' });
  await verdict.getByText('the sender signs with another secret').waitFor();
  await verdict.getByText(/→ compare it with/).first().waitFor();
  await verdict.getByText('--explain --secret-env GITHUB_SECRET').waitFor();
  await rows(page).nth(0).click();
  await verdict.getByText('the sender signs nothing').waitFor();
  await verdict.getByText(/→ set a secret at GitHub/).waitFor();
  await sandbox.end();
});

test('lines of JSON are no broken JSON', async () => {
  const sandbox = await Sandbox.make();
  const running = await sandbox.listen();
  await post(running.url, '{"a":1}\n{"a":2}\n', { 'content-type': 'application/x-ndjson' });
  const page = await open(browser, running.page);
  await rows(page).first().click();
  await page.getByText('{"a":2}').waitFor();
  assert.equal(await page.getByText('This is no JSON').count(), 0);
  await sandbox.end();
});

test('without a listener a replay asks where to send, and sends there', async () => {
  const sandbox = await Sandbox.make();
  const listening = await sandbox.listen();
  await post(listening.url, '{"a":1}', {}, '/alone');
  await listening.end();
  const target = await app(204);
  const running = await sandbox.start('inspect', '0');
  const page = await open(browser, running.page);
  await rows(page).first().click();
  await page.getByRole('heading', { name: 'POST /alone' }).waitFor();
  await page.keyboard.press('r');
  const to = page.getByRole('dialog').getByRole('textbox', { name: 'To' });
  await to.waitFor();
  await page.waitForFunction(() => document.activeElement?.type === 'url');
  await page.keyboard.type(target.url);
  await page.keyboard.press('Control+Enter');
  await page.getByRole('dialog').getByText('✓ 204').waitFor();
  assert.deepEqual(await page.wrong(), []);
  target.end();
  await sandbox.end();
});

test('what its sender was answered is there a moment later, without a reload', async () => {
  const sandbox = await Sandbox.make();
  const slow = await app(202, true);
  const running = await sandbox.listen('-f', slow.url);
  const page = await open(browser, running.page);
  const sent = post(running.url, '{}');
  await rows(page).first().click();
  await page.getByRole('region', { name: 'Response' }).waitFor();
  slow.release();
  await sent;
  await page.getByText(/the sender got 202/).waitFor({ timeout: 8000 });
  slow.end();
  await sandbox.end();
});

test('Enter opens the event that was walked to, not the button that was pressed before', async () => {
  const sandbox = await Sandbox.make();
  const running = await sandbox.listen();
  await post(running.url, '{"a":1}', {}, '/first');
  const page = await open(browser, running.page);
  await rows(page).first().waitFor();
  await page.getByRole('button', { name: '24h' }).click();
  await page.getByRole('button', { name: 'Pinned' }).focus();
  await page.keyboard.press('j');
  await page.getByRole('heading', { name: 'POST /first' }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'detail-title');
  assert.equal(await page.getByRole('button', { name: 'Pinned' }).getAttribute('aria-pressed'), 'false');
  await sandbox.end();
});

test('an earlier arrival of a delivery keeps its row, and the walk goes on from there', async () => {
  const sandbox = await Sandbox.make();
  const running = await sandbox.listen();
  const headers = { 'x-github-event': 'issues', 'x-github-delivery': 'd-1', 'x-hub-signature-256': 'sha256=0' };
  await post(running.url, '{"n":0}', {}, '/older');
  for (const n of [1, 2, 3]) await post(running.url, `{"action":"opened","n":${n}}`, headers, '/hook');
  await post(running.url, '{"n":4}', {}, '/newer');
  const page = await open(browser, running.page);
  await rows(page).nth(1).click();
  for (const arrival of ['1', '2']) {
    await page.getByRole('button', { name: `Go to arrival ${arrival}` }).click();
    await page.getByText(`arrival ${arrival} of 3`).waitFor();
    assert.equal(await rows(page).nth(1).getAttribute('aria-selected'), 'true');
  }
  await page.keyboard.press('j');
  await page.getByRole('heading', { name: 'POST /older' }).waitFor();
  assert.deepEqual(await page.wrong(), []);
  await sandbox.end();
});

test('v shows the raw request and the body again, and the next event is shown in the same view', async () => {
  const sandbox = await Sandbox.make();
  const running = await sandbox.listen();
  await post(running.url, '{"n":1}', { 'x-one': '1' }, '/one');
  await post(running.url, '{"n":2}', { 'x-two': '2' }, '/two');
  const page = await open(browser, running.page);
  await rows(page).first().click();
  const request = page.getByRole('region', { name: 'Request' });
  await request.getByText('"n"').waitFor();
  await page.keyboard.press('v');
  await request.getByText('x-two: 2').waitFor();
  assert.equal(await request.getByRole('tab', { name: 'Raw' }).getAttribute('aria-selected'), 'true');
  await page.keyboard.press('j');
  await request.getByText('x-one: 1').waitFor();
  await page.keyboard.press('v');
  await request.getByText('x-one: 1').waitFor({ state: 'detached' });
  assert.equal(await request.getByRole('tab', { name: 'Body' }).getAttribute('aria-selected'), 'true');
  assert.deepEqual(await page.wrong(), []);
  await sandbox.end();
});
