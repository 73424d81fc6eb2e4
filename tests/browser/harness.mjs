/** What the tests of the page share: hookctl in a folder of its own, and a real browser that watches itself. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

/** The binary under test. */
const HOOKCTL = process.env.HOOKCTL ? resolve(process.env.HOOKCTL) : new URL('../../target/debug/hookctl', import.meta.url).pathname;
/** Debian's browser; another one where it is named. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
/** Longer than any step takes on a busy machine. */
export const PATIENCE = 30_000;

/** What is to be ended, whatever became of its test: one that failed half-way would leave it running. */
const openEnds = new Set();
const endAll = () => Promise.all([...openEnds].map((one) => (one.close ? one.close() : one.end())));
if (process.env.NODE_TEST_CONTEXT) (await import('node:test')).after(endAll);

/** A folder with its own history and configuration. */
export class Sandbox {
  /** Makes the folder; `variables` are set for every command. */
  static async make(variables = {}) {
    const sandbox = new Sandbox();
    sandbox.folder = await mkdtemp(join(tmpdir(), 'hookctl-page-'));
    sandbox.variables = { PATH: process.env.PATH, HOME: sandbox.folder, TZ: 'UTC', ...variables };
    sandbox.children = new Set();
    openEnds.add(sandbox);
    return sandbox;
  }

  /** Starts a command that says `ready`. */
  async start(...args) {
    const child = spawn(HOOKCTL, ['--json', ...args], { cwd: this.folder, env: this.variables });
    this.children.add(child);
    const lines = createInterface({ input: child.stdout });
    let said = '';
    child.stderr.on('data', (bytes) => { said += bytes; });
    const running = { child, said: () => said, end: (signal = 'SIGINT') => this.#end(child, signal) };
    const first = await Promise.race([
      once(lines, 'line').then(([line]) => JSON.parse(line)),
      once(child, 'exit').then(() => { throw new Error(`hookctl ended: ${said}`); }),
    ]);
    lines.on('line', () => {});
    const [inspector, token] = first.inspector.split('/#token=');
    return { ...running, url: first.url, page: first.inspector, inspector, token };
  }

  /** A listener with the page beside it. */
  listen(...args) {
    return this.start('listen', '--port', '0', ...(args.some((arg) => arg.startsWith('--inspect')) ? [] : ['--inspect=0']), ...args);
  }

  /** Runs a command to its end. */
  async run(args, input = '') {
    const child = spawn(HOOKCTL, args, { cwd: this.folder, env: this.variables });
    let [out, said] = ['', ''];
    child.stdout.on('data', (bytes) => { out += bytes; });
    child.stderr.on('data', (bytes) => { said += bytes; });
    // A command that reads no stdin may have closed it already.
    child.stdin.on('error', () => {}).end(input);
    const [code] = await once(child, 'close');
    return { code, out, said };
  }

  /** Ends what runs and removes the folder. */
  async end() {
    openEnds.delete(this);
    await Promise.all([...this.children].map((child) => this.#end(child, 'SIGKILL')));
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(child, signal) {
    this.children.delete(child);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
  }
}

/** Posts a body to a listener. */
export async function post(url, body = '{}', headers = {}, path = '/') {
  const answer = await fetch(url + path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  await answer.arrayBuffer();
  return answer.status;
}

/** A call of the API, as a program makes it. */
export async function call(running, path, body) {
  const headers = { 'hookctl-token': running.token, ...(body ? { 'content-type': 'application/json' } : {}) };
  const answer = await fetch(running.inspector + path, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

/** Asks again until `check` gives what `expected` says: the page draws when it is ready. */
export async function until(check, expected, message) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await check();
    if (expected instanceof RegExp ? expected.test(found) : typeof expected === 'function' ? expected(found) : found === expected) return found;
    if (Date.now() > end) throw new Error(`${message ?? 'not in time'}: ${found}`);
    await new Promise((done) => { setTimeout(done, 30); });
  }
}

/** A browser. */
export async function launch(...flags) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...FLAGS, ...flags] });
  openEnds.add(browser);
  return browser;
}

/**
 * A tab that notes everything that must never happen: violations of the policy, dialogs, requests to elsewhere, errors.
 * `options` are those of a browser context: colorScheme, viewport, reducedMotion.
 */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'light', ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(url).origin });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const wrong = [];
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile ?? ''}:${event.lineNumber}`);
    });
  });
  page.on('dialog', (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('pageerror', (error) => wrong.push(`error: ${error.stack ?? error}`));
  page.on('popup', (popup) => wrong.push(`window: ${popup.url()}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) wrong.push(`request: ${request.url()}`);
  });
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted Type/i.test(message.text())) wrong.push(`console: ${message.text()}`);
  });
  page.wrong = async () => [...wrong, ...(await page.evaluate(() => window.violations))];
  await page.goto(url);
  return page;
}
