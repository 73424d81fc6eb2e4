/** Bytes from strangers: they are shown, and do nothing else. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, post, Sandbox, until } from '../harness.mjs';

let browser;
let sandbox;
let running;
before(async () => {
  browser = await launch();
  sandbox = await Sandbox.make();
  running = await sandbox.listen();
});
after(async () => { await browser.close(); await sandbox.end(); });

const rows = (page) => page.getByRole('option');
const request = (page) => page.getByRole('region', { name: 'Request' });
const tab = (page, name) => request(page).getByRole('tab', { name });

/** Markup, handlers, addresses, templates, and what breaks out of attributes and scripts. */
const MARKUP = [
  '<script>window.__pwned=1</script>',
  '<img src=x onerror="window.__pwned=1">',
  '<svg onload="window.__pwned=1"><script>window.__pwned=1</script></svg>',
  '"><svg/onload=window.__pwned=1>',
  "';window.__pwned=1;//",
  'javascript:window.__pwned=1',
  '<iframe srcdoc="<script>parent.__pwned=1</script>"></iframe>',
  '<a href="javascript:window.__pwned=1" autofocus onfocus="window.__pwned=1">x</a>',
  '<style>*{background:url(http://evil.test/)}</style>',
  '<link rel=stylesheet href=http://evil.test/x.css><base href=http://evil.test/>',
  '<form action=http://evil.test><button formaction=http://evil.test>x',
  '<meta http-equiv=refresh content="0;url=http://evil.test">',
  '<details open ontoggle=window.__pwned=1>',
  '${window.__pwned=1}{{constructor.constructor("window.__pwned=1")()}}',
  '</textarea></script></style><script>window.__pwned=1</script>',
  '<math><mtext></mtext><mglyph><style></math><img src onerror=window.__pwned=1>',
  '\u202Egnp.exe \u2066\u200B\u0000\u001B[2J',
  '__proto__', 'constructor', 'toString',
];

/** Looks at an event in every way there is. */
async function lookAround(page) {
  await page.getByRole('article', { name: 'Event' }).waitFor();
  for (const one of await request(page).getByRole('tab').all()) {
    await one.click();
    await request(page).getByRole('tabpanel').waitFor();
  }
}

test('markup and scripts are text, wherever they stand', async () => {
  const page = await open(browser, running.page);
  for (const [number, text] of MARKUP.entries()) {
    const headers = { 'x-hostile': text.replace(/[^\x20-\x7e]/g, '?'), 'user-agent': text.replace(/[^\x20-\x7e]/g, '?') };
    const path = `/h/${number}/${encodeURIComponent(text)}?q=${encodeURIComponent(text)}`;
    await post(running.url, JSON.stringify({ type: text, id: text, [text]: [text, { [text]: text }] }), headers, path);
    await post(running.url, text, { ...headers, 'content-type': 'text/html' }, path);
    await post(running.url, `a=${encodeURIComponent(text)}&${encodeURIComponent(text)}=1`, { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, path);
    const parts = `--b\r\ncontent-disposition: form-data; name="${text.replace(/["\r\n]/g, '%22')}"; filename="${text.replace(/["\r\n]/g, '%22')}"\r\ncontent-type: image/svg+xml\r\n\r\n${text}\r\n--b--\r\n`;
    await post(running.url, parts, { ...headers, 'content-type': 'multipart/form-data; boundary=b' }, path);
  }
  const count = MARKUP.length * 4;
  await page.getByRole('heading', { name: `${count} events` }).waitFor();
  await page.getByRole('listbox', { name: 'Events' }).focus();
  for (let step = 0; step < count; step += 1) {
    await page.keyboard.press('j');
    const selected = page.locator(`[role=option][aria-selected=true][aria-posinset="${step + 1}"]`);
    const id = (await selected.getAttribute('id')).replace('event-', '');
    await page.locator('article[aria-busy=false]').filter({ hasText: id }).waitFor();
    if (step % 4 < 2 || step > count - 8) await lookAround(page);
    await page.getByRole('listbox', { name: 'Events' }).focus();
  }
  assert.equal(await page.evaluate(() => window.__pwned), undefined);
  assert.deepEqual(await page.wrong(), []);
  await page.context().close();
});

test('text that turns the line around is shown as what it is', async () => {
  await post(running.url, '{"file":"\u202Egnp.exe","zero":"a\u200Bb"}', {}, '/bidi');
  const page = await open(browser, running.page);
  await rows(page).filter({ hasText: '/bidi' }).click();
  await tab(page, 'Body').click();
  const body = request(page).getByRole('tabpanel');
  const text = await until(() => body.innerText(), /gnp\.exe/, 'the body');
  assert.ok(!text.includes('\u202E') && !text.includes('\u200B'), 'neither steers the page');
  assert.match(text, /202e/i);
  await page.context().close();
});

test('numbers, duplicate keys and escapes are shown as they were sent', async () => {
  const exact = '{"big":12345678901234567890123,"float":1.0,"exp":1e400,"a":1,"a":2,"esc":"\\u00e9\\/","neg":-0}';
  await post(running.url, exact, {}, '/exact');
  const page = await open(browser, running.page);
  await rows(page).filter({ hasText: '/exact' }).click();
  const body = request(page).getByRole('tabpanel');
  await body.getByText('12345678901234567890123').waitFor();
  const text = await until(() => body.innerText(), /-0/, 'the body');
  for (const part of ['1.0', '1e400', '"a": 1', '"a": 2', '\\u00e9\\/', '-0']) assert.ok(text.includes(part), part);
  await tab(page, 'Raw').click();
  await until(() => body.innerText(), (found) => found.includes(exact), 'the raw body');
  await page.context().close();
});

test('what is no JSON says where, over the text as it came', async () => {
  await post(running.url, '{"a":1,\n"b":tru}', {}, '/broken');
  const page = await open(browser, running.page);
  await rows(page).filter({ hasText: '/broken' }).click();
  const body = request(page).getByRole('tabpanel');
  await until(() => body.innerText(), (found) => /line 2, column 8/i.test(found) && found.includes('"b":tru}'), 'the place');
  await page.context().close();
});

const LARGE = {
  '5 MB of JSON': JSON.stringify({ rows: Array.from({ length: 60_000 }, (_, number) => ({ id: number, name: `row ${number}`, text: 'x'.repeat(40) })) }),
  '100,000 levels': '['.repeat(100_000) + ']'.repeat(100_000),
  '200,000 openings': '['.repeat(200_000),
  'one line of 3 MB': JSON.stringify('y'.repeat(3_000_000)),
  'binary': Buffer.from(Array.from({ length: 300_000 }, (_, number) => (number * 7919) % 256)),
};

for (const [name, bytes] of Object.entries(LARGE)) {
  test(`${name}: shown in part, and the page stays usable`, async () => {
    const path = `/large/${encodeURIComponent(name)}`;
    await post(running.url, bytes, { 'content-type': name === 'binary' ? 'application/octet-stream' : 'application/json' }, path);
    const page = await open(browser, running.page);
    await rows(page).filter({ hasText: '/large/' }).first().click();
    await page.getByRole('article', { name: 'Event' }).waitFor();
    await request(page).getByRole('button', { name: /more/i }).first().waitFor();
    for (const one of await request(page).getByRole('tab').all()) {
      await one.click();
      await request(page).getByRole('tabpanel').waitFor();
    }
    const size = await page.evaluate(() => ({ text: document.body.textContent.length, elements: document.querySelectorAll('*').length }));
    assert.ok(size.text < 2_000_000, `${size.text} characters in the page`);
    assert.ok(size.elements < 60_000, `${size.elements} elements in the page`);
    await page.getByRole('listbox', { name: 'Events' }).focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    assert.deepEqual(await page.wrong(), []);
    await page.context().close();
  });
}

test('a copied curl command is data to the shell', async () => {
  await post(running.url, `'; touch pwned; echo '\n$(touch pwned)\`touch pwned\``, { 'content-type': 'text/plain' }, "/shell/';touch%20pwned;'");
  const page = await open(browser, running.page);
  await rows(page).filter({ hasText: '/shell/' }).click();
  await page.getByRole('article', { name: 'Event' }).waitFor();
  await page.keyboard.press('c');
  await page.locator('.toast').filter({ hasText: 'curl' }).waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const { spawnSync } = await import('node:child_process');
  const { existsSync } = await import('node:fs');
  spawnSync('bash', ['-c', `curl() { :; }\n${command}`], { cwd: sandbox.folder });
  assert.ok(!existsSync(`${sandbox.folder}/pwned`));
  await page.context().close();
});

test('the body opened by itself is a download that runs nothing', async () => {
  await post(running.url, '<script>window.__pwned=1</script>', { 'content-type': 'text/html' }, '/download');
  const { call } = await import('../harness.mjs');
  const { body } = await call(running, '/api/events?limit=1');
  const answer = await fetch(`${running.inspector}/api/events/${body.events[0].id}/body`, { headers: { 'hookctl-token': running.token } });
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
  assert.match(answer.headers.get('content-disposition'), /^attachment/);
  assert.match(answer.headers.get('content-security-policy'), /sandbox/);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
});
