// What the scripts share. Each is started by tests/sdk.rs as `node SCRIPT register|receive` with the
// `ready` line of `hookctl mock` in MOCK, and fails by throwing.

import assert from "node:assert/strict";
import { createServer } from "node:http";

/** The `ready` line of the mock: url, api_url, token … */
export const mock = JSON.parse(process.env.MOCK);

/** A target that no test delivers to: port 9 is discard. */
export const NOWHERE = "http://127.0.0.1:9/hook";

/** More webhooks than one page of 10 holds. */
export const MANY = 23;

/** Longer than a delivery takes on a busy machine; only a hang meets it. */
const PATIENCE_MS = 30_000;

/** Tells tests/sdk.rs something: one JSON object a line. */
export const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Runs the part that the command line names. */
export async function run(parts) {
  const part = process.argv[2];
  await parts[part]();
  tell({ done: part });
}

/** The error that a call must end with. */
export async function refused(call) {
  const [result] = await Promise.allSettled([call()]);
  assert.equal(result.status, "rejected", `not refused: ${JSON.stringify(result.value)}`);
  return result.reason;
}

/**
 * A server of one's own: `register(url)` makes the webhook, then every delivery goes to
 * `check(body, headers)` until it returns true. It is told to be ready once the webhook is there.
 */
export async function receiveUntil({ register, check }) {
  const arrived = [];
  let wake = () => {};
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    arrived.push({ body: Buffer.concat(chunks).toString("utf8"), headers: request.headers });
    response.end("ok");
    wake();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const patience = setTimeout(() => {
    tell({ error: "nothing was delivered in time" });
    process.exit(1);
  }, PATIENCE_MS);
  const context = await register(`http://127.0.0.1:${server.address().port}/hook`);
  tell({ listening: true, ...context });
  for (let done = false; !done; ) {
    while (arrived.length === 0) await new Promise((resolve) => (wake = resolve));
    const { body, headers } = arrived.shift();
    done = await check(body, headers, context);
  }
  clearTimeout(patience);
  server.closeAllConnections();
  server.close();
}

/** The same JSON with a byte more: what a forger might send. */
export const tampered = (body) => body.replace("{", "{ ");
