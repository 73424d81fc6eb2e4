// The official SDK of Svix manages endpoints at the mock and verifies what it delivers.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { ApiException, Svix, Webhook, WebhookVerificationError } from "svix";
import { MANY, NOWHERE, mock, receiveUntil, refused, run, tampered, tell } from "./shared.mjs";

// The SDK wants a global that Node 18 has not.
globalThis.crypto ??= webcrypto;

const svixWith = (token) => new Svix(token, { serverUrl: mock.url });
const { endpoint } = svixWith(mock.token);
const app = "app_of_a_test";

async function register() {
  const wanted = { url: NOWHERE, filterTypes: ["invoice.paid"], description: "of a test" };
  const created = await endpoint.create(app, wanted);
  assert.match(created.id, /^ep_/);
  assert.deepEqual([created.url, created.filterTypes, created.description], Object.values(wanted));
  assert.deepEqual([created.disabled, created.version, created.metadata], [false, 1, {}]);
  assert.ok(Math.abs(created.createdAt.getTime() - Date.now()) < 3_600_000);
  assert.deepEqual(await endpoint.get(app, created.id), created);

  const changed = await endpoint.patch(app, created.id, { disabled: true, filterTypes: null, url: `${NOWHERE}/2` });
  assert.deepEqual([changed.disabled, changed.filterTypes, changed.url], [true, null, `${NOWHERE}/2`]);
  assert.equal(changed.description, "of a test", "what is not named stays");

  const { key } = await endpoint.getSecret(app, created.id);
  assert.match(key, /^whsec_[A-Za-z0-9+/]{32}$/);
  const own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const second = await endpoint.create(app, { url: NOWHERE, secret: own });
  assert.deepEqual([second.filterTypes, second.description], [null, ""]);
  assert.equal((await endpoint.getSecret(app, second.id)).key, own);

  for (const { id } of [created, second]) await endpoint.delete(app, id);
  const gone = await refused(() => endpoint.get(app, created.id));
  assert.ok(gone instanceof ApiException, gone);
  assert.deepEqual([gone.code, gone.body.code], [404, "not_found"]);

  await pages();
  await errors();
}

async function pages() {
  const made = new Set();
  for (let n = 0; n < MANY; n += 1) made.add((await endpoint.create(app, { url: `${NOWHERE}/${n}` })).id);
  const found = [];
  for (let iterator, done = false, count = 0; !done; count += 1) {
    assert.ok(count < MANY, "the pages do not end");
    const page = await endpoint.list(app, { limit: 10, iterator });
    found.push(...page.data.map(({ id }) => id));
    ({ iterator, done } = page);
  }
  assert.deepEqual(new Set(found), made);
  assert.equal(found.length, MANY);
}

async function errors() {
  const stranger = await refused(() => svixWith("testsk_nobodys").endpoint.list(app));
  assert.ok(stranger instanceof ApiException, stranger);
  assert.deepEqual([stranger.code, stranger.body.code], [401, "authentication_failed"]);
  const invalid = await refused(() => endpoint.create(app, { url: "nonsense" }));
  assert.ok(invalid instanceof ApiException, invalid);
  assert.equal(invalid.code, 422);
  assert.deepEqual(invalid.body.detail[0].loc, ["body", "url"]);
}

async function receive() {
  const seen = [];
  await receiveUntil({
    async register(url) {
      const { id } = await endpoint.create(app, { url });
      const { key } = await endpoint.getSecret(app, id);
      const example = await endpoint.sendExample(app, id, { eventType: "svix.ping" });
      assert.equal(example.eventType, "svix.ping");
      return { webhook: id, secret: key };
    },
    async check(body, headers, { secret }) {
      const webhook = new Webhook(secret);
      const payload = webhook.verify(body, headers);
      assert.throws(() => webhook.verify(tampered(body), headers), WebhookVerificationError);
      const another = new Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
      assert.throws(() => another.verify(body, headers), WebhookVerificationError);
      const name = payload.type ?? "svix.ping";
      seen.push(name);
      tell({ verified: name });
      return name === "endpoint.disabled";
    },
  });
  assert.deepEqual(seen, ["svix.ping", "endpoint.disabled"]);
}

await run({ register, receive });
