/** Every action with its key: what it does, and that no key acts while somebody writes. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { call, launch, open, post, Sandbox, until } from '../harness.mjs';
import { ACTIONS } from '../../../src/inspector/page/keys.js';

const SECRET = 'a-secret-for-tests';
let browser;
let sandbox;
let running;
let page;
let app;
const seen = [];

before(async () => {
  browser = await launch();
  app = createServer((request, answer) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => { seen.push({ headers: request.headers, url: request.url, body: Buffer.concat(pieces).toString() }); answer.end('taken'); });
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  sandbox = await Sandbox.make({ HOOK_SECRET: SECRET });
  running = await sandbox.listen('--provider', 'prospektr', '--secret-env', 'HOOK_SECRET', '-f', `http://127.0.0.1:${app.address().port}/app`);
  for (const event of ['prospect.added', 'prospect.updated', 'prospect.added']) {
    const sent = await sandbox.run(['send', `prospektr/${event}`, '--to', running.url, '--secret-env', 'HOOK_SECRET']);
    if (event === 'prospect.added') assert.equal(sent.code, 0, sent.said);
  }
  await post(running.url, '{"type":"prospect.forged"}');
});
after(async () => { await browser.close(); await sandbox.end(); app.close(); });
beforeEach(async () => {
  page = await open(browser, running.page);
  await rows().first().waitFor();
});
afterEach(async () => {
  assert.deepEqual(await page.wrong(), []);
  await page.context().close();
});

const rows = () => page.getByRole('option');
const selected = () => page.locator('[role=option][aria-selected=true]');
const toast = (text) => page.locator('.toast').filter({ hasText: text });
const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
/** Selects the newest genuine event. */
async function choose() {
  await rows().filter({ hasText: 'prospect.added' }).first().click();
  await page.getByRole('article', { name: 'Event' }).waitFor();
}

test('the keys are each for one action, and help shows them all', async () => {
  const keys = ACTIONS.flatMap(({ key, also = [] }) => [key, ...also]);
  assert.equal(new Set(keys).size, keys.length);
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  for (const { title } of ACTIONS) await until(() => dialog.innerText(), (text) => text.includes(title), title);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
});

test('j, k, g and G walk through the list, Enter opens, Escape closes', async () => {
  await page.keyboard.press('j');
  await until(() => selected().getAttribute('aria-posinset'), '1');
  await page.keyboard.press('j');
  await until(() => selected().getAttribute('aria-posinset'), '2');
  await page.keyboard.press('k');
  await until(() => selected().getAttribute('aria-posinset'), '1');
  await page.keyboard.press('G');
  await until(() => selected().getAttribute('aria-posinset'), String(await rows().count()));
  await page.keyboard.press('g');
  await until(() => selected().getAttribute('aria-posinset'), '1');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'Event' }).waitFor();
  await page.keyboard.press('Escape');
});

test('r replays to where the event went first, and the answer is shown', async () => {
  await choose();
  const before = seen.length;
  await page.keyboard.press('r');
  await toast('200').waitFor();
  assert.equal(seen.length, before + 1);
  assert.equal(seen.at(-1).headers['hookctl-attempt'], '2');
  await page.getByRole('region', { name: 'Response' }).getByRole('tab', { name: /2/ }).first().waitFor();
});

test('s signs anew with the secret of this machine, which never reaches the page', async () => {
  await choose();
  const before = seen.length;
  await page.keyboard.press('s');
  await toast('Signed again').waitFor();
  const request = seen.at(-1);
  assert.equal(seen.length, before + 1);
  const verified = await sandbox.run(['verify', '--provider', 'prospektr', '--secret-env', 'HOOK_SECRET', '--body', '-',
    ...Object.entries(request.headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`])], request.body);
  assert.equal(verified.code, 0, verified.out + verified.said);
});

test('e edits and replays: what is written goes out, signed again', async () => {
  await choose();
  await page.keyboard.press('e');
  const dialog = page.getByRole('dialog');
  const body = dialog.getByRole('textbox', { name: 'Body' });
  await body.waitFor();
  const edited = '{"type":"prospect.added","note":"edited","n":1.0}';
  await body.fill('{"type":');
  await dialog.getByText(/line 1/i).first().waitFor();
  await body.fill(edited);
  const before = seen.length;
  await dialog.getByRole('button', { name: /^(Replay|Send)/ }).click();
  await dialog.getByText('200').first().waitFor();
  assert.equal(seen.length, before + 1);
  assert.equal(seen.at(-1).body, edited, 'to the letter');
});

test('d marks two events and compares them side by side', async () => {
  await rows().filter({ hasText: 'prospect.added' }).nth(0).click();
  await page.getByRole('article', { name: 'Event' }).waitFor();
  await page.keyboard.press('d');
  await rows().filter({ hasText: 'A' }).first().waitFor();
  await rows().filter({ hasText: 'prospect.added' }).nth(1).click();
  await page.keyboard.press('d');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await until(() => dialog.innerText(), /json:\//);
});

test('c copies a curl command, x opens the ways to export', async () => {
  await choose();
  await page.keyboard.press('c');
  await toast('curl').waitFor();
  assert.match(await clipboard(), /^curl .*127\.0\.0\.1/s);
  await page.keyboard.press('x');
  const menu = page.getByRole('menu', { name: 'Export as' });
  await menu.waitFor();
  for (const [name, part] of [['HAR', '"log"'], ['curl', 'curl'], ['HTTP', 'POST ']]) {
    if (!(await menu.isVisible())) await page.keyboard.press('x');
    await menu.getByRole('menuitem', { name: new RegExp(`^Copy as ${name}`, 'i') }).first().click();
    await page.waitForFunction(async (text) => (await navigator.clipboard.readText()).includes(text), part);
  }
});

test('p pins, and search finds what is pinned', async () => {
  await choose();
  await page.keyboard.press('p');
  await toast('Pinned').waitFor();
  await page.getByRole('textbox', { name: 'Search events' }).fill('is:pinned');
  await page.getByRole('heading', { name: /^1 / }).waitFor();
  await page.getByRole('listbox', { name: 'Events' }).focus();
  await page.keyboard.press('p');
  await toast('No longer pinned').waitFor();
  await page.getByRole('heading', { name: 'No event matches' }).or(page.getByRole('option')).first().waitFor();
});

test('y copies a link that leads back to the event', async () => {
  await choose();
  await page.keyboard.press('y');
  const link = await page.waitForFunction(() => navigator.clipboard.readText().then((text) => text.includes('/#/events/') && text)).then((handle) => handle.jsonValue());
  assert.ok(!link.includes(running.token), 'without the token');
  await page.goto('about:blank');
  await page.goto(link);
  await page.getByRole('article', { name: 'Event' }).waitFor();
});

test('/ searches, n sends, t changes the theme, l pauses', async () => {
  await page.keyboard.press('/');
  await until(() => page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Search events');
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const colours = new Set();
  for (let step = 0; step < 3; step += 1) { await page.keyboard.press('t'); colours.add(await colour()); }
  assert.equal(colours.size, 2, 'light and dark');
  await page.keyboard.press('l');
  await page.getByText('list paused').waitFor();
  const count = await rows().count();
  await post(running.url, '{"type":"prospect.late"}');
  await page.getByRole('button', { name: '1 new event' }).waitFor();
  assert.equal(await rows().count(), count);
  await page.keyboard.press('l');
  await rows().filter({ hasText: 'prospect.late' }).or(page.getByRole('button', { name: '1 new event' })).first().waitFor();
});

test('no key acts while a field has the focus, nor with ctrl, alt or meta', async () => {
  await choose();
  const before = seen.length;
  const search = page.getByRole('textbox', { name: 'Search events' });
  await search.focus();
  await page.keyboard.type('rsepdcxynt?l');
  assert.equal(await search.inputValue(), 'rsepdcxynt?l');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await search.fill('');
  await page.getByRole('listbox', { name: 'Events' }).focus();
  for (const key of ['Alt+r', 'Control+e', 'Meta+s', 'Alt+n']) await page.keyboard.press(key).catch(() => {});
  assert.equal(await page.getByRole('dialog').count(), 0);
  assert.equal(seen.length, before);
});

test('Tab goes through the page and out of it again', async () => {
  await choose();
  const places = new Set();
  let left = false;
  for (let step = 0; step < 120 && !left; step += 1) {
    await page.keyboard.press('Tab');
    const place = await page.evaluate(() => {
      const element = document.activeElement;
      return element === document.body ? null : element.outerHTML.slice(0, 200);
    });
    left = place === null;
    if (place) places.add(place);
  }
  assert.ok(places.size > 12, `${places.size} places`);
  assert.ok(left, 'it is trapped nowhere');
});

test('every button that has a key says so', async () => {
  await choose();
  const told = await page.locator('[aria-keyshortcuts]').evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-keyshortcuts')));
  for (const { name, key } of ACTIONS.filter(({ needs, group }) => needs === 'event' && group === 'Event')) {
    assert.ok(told.some((keys) => keys.split(' ').includes(key)), name);
  }
});

test('what the page was told of secrets is their label', async () => {
  const { body } = await call(running, '/api/providers');
  assert.ok(!JSON.stringify(body).includes(SECRET));
  assert.ok(body.providers.find(({ id }) => id === 'prospektr').secrets.length > 0);
});
