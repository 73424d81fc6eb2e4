/** Every view, in both themes and on a narrow screen: nothing that keeps a person out. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch, open, post, Sandbox, until } from '../harness.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser;
let sandbox;
let running;

before(async () => {
  browser = await launch();
  sandbox = await Sandbox.make({ HOOK_SECRET: 'a-secret' });
  running = await sandbox.listen('--provider', 'stripe', '--secret-env', 'HOOK_SECRET', '-f', '9');
  await sandbox.run(['send', 'stripe/invoice.paid', '--to', running.url, '--secret-env', 'HOOK_SECRET']);
  await post(running.url, '{"type":"invoice.paid","data":{"object":{"id":"in_1"}}}', { 'stripe-signature': 't=1,v1=00' });
  await post(running.url, '{"no":"signature"}');
  await post(running.url, '\u0000\u0001binary', { 'content-type': 'application/octet-stream' });
});
after(async () => { await browser.close(); await sandbox.end(); });

const rows = (page) => page.getByRole('option');
/** The page's views, each with how to get there. */
const VIEWS = {
  list: async () => {},
  'valid event': (page) => pick(page, 'valid'),
  'invalid event': (page) => pick(page, 'invalid'),
  'unsigned event': (page) => pick(page, 'unsigned'),
  headers: async (page) => { await pick(page, 'valid'); await page.getByRole('region', { name: 'Request' }).getByRole('tab', { name: 'Headers' }).click(); },
  raw: async (page) => { await pick(page, 'valid'); await page.getByRole('region', { name: 'Request' }).getByRole('tab', { name: 'Raw' }).click(); },
  hex: async (page) => { await pick(page, 'valid'); await page.getByRole('region', { name: 'Request' }).getByRole('tab', { name: 'Hex' }).click(); },
  export: async (page) => { await pick(page, 'valid'); await page.keyboard.press('x'); await page.getByRole('menu').waitFor(); },
  replay: async (page) => { await pick(page, 'valid'); await page.keyboard.press('e'); await page.getByRole('dialog').waitFor(); },
  send: async (page) => { await page.keyboard.press('n'); await page.getByRole('dialog').waitFor(); },
  help: async (page) => { await page.keyboard.press('?'); await page.getByRole('dialog').waitFor(); },
  compare: async (page) => {
    await pick(page, 'valid');
    await page.keyboard.press('d');
    await page.keyboard.press('Escape');
    await pick(page, 'invalid');
    await page.keyboard.press('d');
    await page.getByRole('dialog').waitFor();
  },
  'filter error': async (page) => { await page.getByRole('textbox', { name: 'Search events' }).fill('verdict:x'); await page.getByRole('alert').waitFor(); },
  'no match': async (page) => { await page.getByRole('textbox', { name: 'Search events' }).fill('nothing-at-all'); await page.getByRole('heading', { name: 'No event matches' }).waitFor(); },
};

async function pick(page, verdict) {
  await page.locator(`[role=option].${verdict}`).first().click();
  await page.locator('article[aria-busy=false]').waitFor();
}

/** What axe finds that is serious or worse. */
async function serious(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { preload: false, resultTypes: ['violations'] }));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} (${failureSummary.replace(/\s+/g, ' ').slice(0, 200)})`).join('; ')}`);
}

const SCREENS = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'narrow, light': { colorScheme: 'light', viewport: { width: 360, height: 740 } },
  'narrow, dark': { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
};

for (const [screen, options] of Object.entries(SCREENS)) {
  test(`nothing serious on any view: ${screen}`, async () => {
    const found = [];
    for (const [view, go] of Object.entries(VIEWS)) {
      const page = await open(browser, running.page, { reducedMotion: 'reduce', ...options });
      await rows(page).first().waitFor();
      await go(page);
      found.push(...(await serious(page)).map((one) => `${view}: ${one}`));
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (tooWide > 0) found.push(`${view}: ${tooWide} px wider than the screen`);
      found.push(...(await page.wrong()).map((one) => `${view}: ${one}`));
      await page.context().close();
    }
    assert.deepEqual(found, []);
  });
}

test('the page asking for its token, and an empty one, are fine as well', async () => {
  const other = await Sandbox.make();
  const empty = await other.listen();
  for (const [, options] of Object.entries(SCREENS)) {
    for (const url of [empty.page, `${empty.inspector}/`]) {
      const page = await open(browser, url, options);
      await page.getByRole('heading', { name: /first event|hookctl inspector/ }).first().waitFor();
      assert.deepEqual(await serious(page), []);
      await page.context().close();
    }
  }
  await other.end();
});

test('a narrow screen shows the list or the event, with a way back', async () => {
  const page = await open(browser, running.page, SCREENS['narrow, light']);
  await pick(page, 'valid');
  assert.ok(!(await page.getByRole('listbox', { name: 'Events' }).isVisible()));
  await page.getByRole('button', { name: 'All events' }).click();
  await page.getByRole('listbox', { name: 'Events' }).waitFor();
  await page.context().close();
});

test('new events are announced politely, and who wants no motion gets none', async () => {
  const page = await open(browser, running.page, { reducedMotion: 'reduce' });
  await rows(page).first().waitFor();
  await post(running.url, '{"type":"late"}');
  const region = page.locator('[aria-live=polite]').first();
  await page.waitForFunction(() => /new event/i.test(document.querySelector('[aria-live=polite]').textContent));
  assert.equal(await region.getAttribute('role'), 'status');
  const moving = await page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running' && (one.effect.getTiming().duration > 10)).length);
  assert.equal(moving, 0);
  await page.context().close();
});

test('tabs, menu and dialogs are worked by keys alone', async () => {
  const page = await open(browser, running.page);
  await pick(page, 'valid');
  const tabs = page.getByRole('region', { name: 'Request' }).getByRole('tab');
  await tabs.first().focus();
  await page.keyboard.press('ArrowRight');
  await until(() => tabs.nth(1).getAttribute('aria-selected'), 'true');
  assert.ok(await tabs.nth(1).evaluate((element) => element === document.activeElement));
  await page.keyboard.press('Home');
  await until(() => tabs.first().getAttribute('aria-selected'), 'true');
  const button = page.getByRole('toolbar', { name: 'Actions on this event' }).getByRole('button', { name: /Edit and replay/ });
  await button.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await until(() => button.evaluate((element) => element === document.activeElement), true, 'the focus comes back');
  await page.context().close();
});
