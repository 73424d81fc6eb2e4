/** A page that is left open: it never goes silently stale, and it comes back by itself. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, post, Sandbox } from '../harness.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const rows = (page) => page.getByRole('option');

test('a page left open over a restart says so and catches up', async () => {
  const sandbox = await Sandbox.make();
  const first = await sandbox.listen();
  await post(first.url, '{}', {}, '/before');
  const page = await open(browser, first.page);
  await rows(page).filter({ hasText: '/before' }).waitFor();
  await first.end();
  await page.getByText('reconnecting…').waitFor();
  const port = new URL(first.inspector).port;
  // What comes while the page is away: from a listener without a page, into the same history.
  const quiet = await sandbox.listen('--inspect=0');
  for (const path of ['/away/1', '/away/2']) await post(quiet.url, '{}', {}, path);
  await quiet.end();
  const second = await sandbox.listen(`--inspect=${port}`);
  await page.getByText(/restarted; caught up: 2 events/).first().waitFor();
  await rows(page).filter({ hasText: '/away/2' }).waitFor();
  assert.equal(await rows(page).count(), 3);
  await post(second.url, '{}', {}, '/after');
  await rows(page).filter({ hasText: '/after' }).waitFor();
  assert.deepEqual((await page.wrong()).filter((one) => !one.includes('Failed to fetch')), []);
  await sandbox.end();
});

test('another history behind the same address is loaded anew', async () => {
  const sandbox = await Sandbox.make();
  const first = await sandbox.listen('--db', 'one.db');
  for (const path of ['/one/1', '/one/2', '/one/3']) await post(first.url, '{}', {}, path);
  const page = await open(browser, first.page);
  await rows(page).filter({ hasText: '/one/3' }).waitFor();
  await first.end('SIGKILL');
  await sandbox.listen('--db', 'two.db', `--inspect=${new URL(first.inspector).port}`).then((second) => post(second.url, '{}', {}, '/two'));
  await rows(page).filter({ hasText: '/two' }).waitFor();
  assert.equal(await rows(page).filter({ hasText: '/one' }).count(), 0);
  await sandbox.end();
});

test('what another process writes is there at once', async () => {
  const sandbox = await Sandbox.make();
  const looking = await sandbox.start('inspect', '0');
  const page = await open(browser, looking.page);
  await page.getByRole('heading', { name: /nobody listens/ }).waitFor();
  const listening = await sandbox.start('listen', '--port', '0', '--inspect=0');
  await post(listening.url, '{}', {}, '/elsewhere');
  await rows(page).filter({ hasText: '/elsewhere' }).waitFor();
  await sandbox.end();
});
