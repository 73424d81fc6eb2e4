// @octokit/rest manages webhooks at the mock; @octokit/webhooks verifies what it delivers.

import assert from "node:assert/strict";
import { Octokit } from "@octokit/rest";
import { Webhooks } from "@octokit/webhooks";
import { MANY, NOWHERE, mock, receiveUntil, refused, run, tampered, tell } from "./shared.mjs";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const octokitWith = (auth) => new Octokit({ auth, baseUrl: mock.api_url, log: quiet });
const { paginate, request, rest } = octokitWith(mock.token);
const repository = { owner: "octocat", repo: "hello-world" };

async function register() {
  const { data: me } = await rest.users.getAuthenticated();
  assert.ok(me.login);

  const config = { url: NOWHERE, content_type: "json", secret: "it is a secret" };
  const created = await rest.repos.createWebhook({ ...repository, config, events: ["push", "issues"] });
  assert.equal(created.status, 201);
  const hook_id = created.data.id;
  assert.equal(typeof hook_id, "number");
  assert.equal(created.data.active, true);
  assert.deepEqual(created.data.events, ["push", "issues"]);
  assert.equal(created.data.config.url, NOWHERE);
  assert.equal(created.data.config.secret, "********");
  assert.ok(created.data.url.endsWith(`/repos/octocat/hello-world/hooks/${hook_id}`), created.data.url);
  assert.ok(!Number.isNaN(Date.parse(created.data.created_at)));

  const got = await rest.repos.getWebhook({ ...repository, hook_id });
  assert.deepEqual(got.data, created.data);

  const off = await rest.repos.updateWebhook({ ...repository, hook_id, active: false, events: ["star"] });
  assert.deepEqual([off.data.active, off.data.events, off.data.config.url], [false, ["star"], NOWHERE]);
  // Beside `data`, the SDK would take `url` for the address of the call itself.
  const configuration = "PATCH /repos/{owner}/{repo}/hooks/{hook_id}/config";
  const moved = await request(configuration, { ...repository, hook_id, data: { url: `${NOWHERE}/2` } });
  assert.equal(moved.data.url, `${NOWHERE}/2`);
  const after = await rest.repos.getWebhook({ ...repository, hook_id });
  assert.deepEqual([after.data.active, after.data.config.url], [false, `${NOWHERE}/2`]);

  assert.equal((await rest.repos.deleteWebhook({ ...repository, hook_id })).status, 204);
  const gone = await refused(() => rest.repos.getWebhook({ ...repository, hook_id }));
  assert.deepEqual([gone.name, gone.status, gone.response.data.message], ["HttpError", 404, "Not Found"]);

  await pages();
  await organisation();
  await errors();
}

async function pages() {
  const made = new Set();
  for (let n = 0; n < MANY; n += 1) {
    const { data } = await rest.repos.createWebhook({ ...repository, config: { url: `${NOWHERE}/${n}` }, active: false });
    assert.deepEqual(data.events, ["push"]);
    made.add(data.id);
  }
  const first = await rest.repos.listWebhooks({ ...repository, per_page: 10 });
  assert.equal(first.data.length, 10);
  assert.match(first.headers.link, /rel="next"/);
  const all = await paginate(rest.repos.listWebhooks, { ...repository, per_page: 10 });
  assert.deepEqual(new Set(all.map((hook) => hook.id)), made);
  assert.equal(all.length, MANY);
}

/** An organisation's webhooks are apart from a repository's. */
async function organisation() {
  const org = "github";
  assert.deepEqual((await rest.orgs.listWebhooks({ org })).data, []);
  const { data } = await rest.orgs.createWebhook({ org, name: "web", config: { url: NOWHERE }, events: ["*"] });
  assert.deepEqual(data.events, ["*"]);
  const { data: list } = await rest.orgs.listWebhooks({ org });
  assert.deepEqual(list.map((hook) => hook.id), [data.id]);
  const elsewhere = await refused(() => rest.repos.getWebhook({ ...repository, hook_id: data.id }));
  assert.equal(elsewhere.status, 404);
  await rest.orgs.deleteWebhook({ org, hook_id: data.id });
}

async function errors() {
  // Without any token GitHub would say 404 or 403, which the mock does not.
  const stranger = await refused(() => octokitWith("ghp_nobodys").rest.repos.listWebhooks(repository));
  assert.deepEqual([stranger.name, stranger.status], ["HttpError", 401]);
  assert.equal(stranger.response.data.message, "Bad credentials");
  for (const bad of [{ config: { url: "nonsense" } }, { config: { url: NOWHERE }, events: ["no_such_event"] }]) {
    const invalid = await refused(() => rest.repos.createWebhook({ ...repository, ...bad }));
    assert.deepEqual([invalid.name, invalid.status], ["HttpError", 422]);
    assert.equal(invalid.response.data.message, "Validation Failed");
    assert.equal(invalid.response.data.errors[0].resource, "Hook");
  }
}

async function receive() {
  const secret = "a secret that both know";
  const webhooks = new Webhooks({ secret });
  const seen = [];
  await receiveUntil({
    async register(url) {
      const config = { url, content_type: "json", secret };
      const { data } = await rest.repos.createWebhook({ ...repository, config, events: ["push"] });
      return { webhook: data.id };
    },
    async check(body, headers, { webhook }) {
      const signature = headers["x-hub-signature-256"];
      assert.equal(await webhooks.verify(body, signature), true);
      assert.equal(await webhooks.verify(tampered(body), signature), false);
      assert.equal(await new Webhooks({ secret: "another" }).verify(body, signature), false);
      const name = headers["x-github-event"];
      assert.equal(headers["x-github-hook-id"], String(webhook));
      await webhooks.verifyAndReceive({ id: headers["x-github-delivery"], name, payload: body, signature });
      seen.push(name);
      tell({ verified: name });
      return name === "push";
    },
  });
  // A new webhook is pinged first.
  assert.deepEqual(seen, ["ping", "push"]);
}

await run({ register, receive });
