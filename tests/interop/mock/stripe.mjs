// The official SDK of Stripe manages webhook endpoints at the mock and verifies what it delivers.

import assert from "node:assert/strict";
import Stripe from "stripe";
import { MANY, NOWHERE, mock, receiveUntil, refused, run, tampered, tell } from "./shared.mjs";

const { hostname: host, port, protocol } = new URL(mock.api_url);
const stripeWith = (key) =>
  new Stripe(key, { host, port, protocol: protocol.replace(":", ""), telemetry: false, maxNetworkRetries: 0 });
const stripe = stripeWith(mock.token);
const endpoints = stripe.webhookEndpoints;
const { StripeAuthenticationError, StripeInvalidRequestError } = Stripe.errors;

async function register() {
  const enabled_events = ["invoice.paid", "customer.created"];
  const created = await endpoints.create({ url: NOWHERE, enabled_events, description: "of a test" });
  assert.equal(created.lastResponse.statusCode, 200);
  assert.match(created.id, /^we_/);
  assert.match(created.secret, /^whsec_/);
  assert.deepEqual([created.object, created.status, created.url], ["webhook_endpoint", "enabled", NOWHERE]);
  assert.deepEqual(new Set(created.enabled_events), new Set(enabled_events));
  assert.deepEqual([created.description, created.livemode, created.metadata], ["of a test", false, {}]);
  assert.ok(Math.abs(created.created * 1000 - Date.now()) < 3_600_000);

  const got = await endpoints.retrieve(created.id);
  assert.equal(got.secret, undefined, "the secret is told once");
  const { secret, ...rest } = created;
  assert.deepEqual({ ...got }, rest);

  const off = await endpoints.update(created.id, { disabled: true });
  assert.deepEqual([off.status, off.url], ["disabled", NOWHERE]);
  const on = await endpoints.update(created.id, { disabled: false, url: `${NOWHERE}/2`, enabled_events: ["*"] });
  assert.deepEqual([on.status, on.url, on.enabled_events], ["enabled", `${NOWHERE}/2`, ["*"]]);

  assert.deepEqual({ ...(await endpoints.del(created.id)) }, { id: created.id, object: "webhook_endpoint", deleted: true });
  const gone = await refused(() => endpoints.retrieve(created.id));
  assert.ok(gone instanceof StripeInvalidRequestError, gone);
  assert.deepEqual([gone.statusCode, gone.code], [404, "resource_missing"]);

  await pages();
  await sameKey();
  await errors();
}

async function pages() {
  const made = new Set();
  for (let n = 0; n < MANY; n += 1) {
    made.add((await endpoints.create({ url: `${NOWHERE}/${n}`, enabled_events: ["*"] })).id);
  }
  const first = await endpoints.list();
  assert.deepEqual([first.object, first.has_more, first.data.length], ["list", true, 10]);
  const all = await endpoints.list({ limit: 10 }).autoPagingToArray({ limit: 1000 });
  assert.deepEqual(new Set(all.map((endpoint) => endpoint.id)), made);
  assert.equal(all.length, MANY);
}

/** A create that is repeated under its Idempotency-Key is done once. */
async function sameKey() {
  const once = () => endpoints.create({ url: `${NOWHERE}/once`, enabled_events: ["*"] }, { idempotencyKey: "once" });
  const [first, second] = [await once(), await once()];
  assert.deepEqual([second.id, second.secret], [first.id, first.secret]);
}

async function errors() {
  const stranger = await refused(() => stripeWith("sk_test_nobodys").webhookEndpoints.list());
  assert.ok(stranger instanceof StripeAuthenticationError, stranger);
  assert.equal(stranger.statusCode, 401);
  for (const [bad, param] of [
    [{ url: "nonsense", enabled_events: ["*"] }, "url"],
    [{ url: NOWHERE, enabled_events: ["no.such.event"] }, "enabled_events"],
    [{ url: NOWHERE }, "enabled_events"],
  ]) {
    const invalid = await refused(() => endpoints.create(bad));
    assert.ok(invalid instanceof StripeInvalidRequestError, invalid);
    assert.deepEqual([invalid.statusCode, invalid.param], [400, param], invalid.message);
  }
}

async function receive() {
  await receiveUntil({
    async register(url) {
      const { id, secret } = await endpoints.create({ url, enabled_events: ["invoice.paid"] });
      return { webhook: id, secret };
    },
    async check(body, headers, { secret }) {
      const signature = headers["stripe-signature"];
      const event = stripe.webhooks.constructEvent(body, signature, secret);
      assert.equal(event.data.object.object, "invoice");
      const { StripeSignatureVerificationError } = Stripe.errors;
      const forged = [[tampered(body), secret], [body, "whsec_another"]];
      for (const [text, key] of forged) {
        assert.throws(() => stripe.webhooks.constructEvent(text, signature, key), StripeSignatureVerificationError);
      }
      tell({ verified: event.type });
      return true;
    },
  });
}

await run({ register, receive });
