// The SDKs behind HTTP, for tests/interop.rs. It tells its address and what is in sdks/ in one line on stdout,
// and ends with its stdin. `POST /judge/PROVIDER/SIGNATURE` is a webhook endpoint whose verifier is the SDK's
// own. `POST /deliver/PROVIDER/SIGNATURE?to=URL` lets the SDK sign the body and posts it there: as it is, and
// once for each way to spoil it.

import { webcrypto } from "node:crypto";
import { readdirSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { spoilers } from "./spoil.mjs";

// Some SDKs want a global that Node 18 has not.
globalThis.crypto ??= webcrypto;

const DAY_MS = 24 * 60 * 60 * 1000;
const here = (path) => new URL(path, import.meta.url);

/** The signatures, by id, that an adapter stands for: the one that it names, or several. */
const signatures = ({ alternatives, ...one }) => Object.entries(alternatives ?? { [one.signature]: one });

async function adapters() {
  const files = readdirSync(here("sdks")).filter((file) => file.endsWith(".mjs"));
  const modules = files.map(async (file) => {
    const adapter = await import(here(`sdks/${file}`));
    const provider = file.replace(/\.mjs$/, "");
    return signatures(adapter).map(([signature, sdk]) => [`${provider}/${signature}`, { provider, signature, ...sdk }]);
  });
  return new Map((await Promise.all(modules)).flat());
}

/** What signs, what verifies, and another of the first kind; one text is the first two. */
const keys = ({ secret }) => (typeof secret === "string" ? { signs: secret, verifies: secret } : secret);

const context = (now) => ({ now, seconds: Math.floor(now / 1000), iso: new Date(now).toISOString() });

/** Whether the SDK accepts: it refuses by `false` or by throwing. */
async function judged(sdk, request) {
  try {
    return { accepted: (await sdk.verify(request, keys(sdk).verifies, context(Date.now()))) !== false };
  } catch (error) {
    return { accepted: false, reason: String(error) };
  }
}

/** The request with the headers that the SDK makes; an adapter may change body and URL too. */
async function signed(sdk, request, now) {
  const made = { ...request };
  const headers = await sdk.sign(made, keys(sdk).signs, context(now));
  return { ...made, headers: { ...made.headers, ...headers }, made: Object.keys(headers) };
}

const arrived = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
};

const posted = ({ method, url, headers, body }) =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers: { ...headers, "content-length": Buffer.byteLength(body) } });
    sent.on("error", reject).on("response", (response) => resolve(arrived(response).then(() => response.statusCode)));
    sent.end(body);
  });

async function deliver(sdk, request) {
  const told = [];
  const tell = async (kind, spoiled) =>
    told.push({ kind, ...(await judged(sdk, spoiled)), status: await posted(spoiled) });
  const right = await signed(sdk, request, Date.now());
  await tell("none", right);
  for (const [kind, spoil] of Object.entries({ ...spoilers, ...sdk.spoilers })) {
    const spoiled = spoil(right);
    if (spoiled) await tell(kind, spoiled);
  }
  await tell("age", await signed(sdk, request, Date.now() - DAY_MS));
  return told;
}

const sdks = await adapters();
const server = createServer(async (incoming, response) => {
  const answer = (status, told) => {
    const text = JSON.stringify(told);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
  };
  try {
    const { pathname, searchParams } = new URL(incoming.url, "http://localhost");
    const [, part, provider, signature] = pathname.split("/");
    const sdk = sdks.get(`${provider}/${signature}`);
    const { method, headers } = incoming;
    const body = await arrived(incoming);
    if (part === "judge") {
      const verdict = await judged(sdk, { method, url: `http://${headers.host}${incoming.url}`, headers, body });
      return answer(verdict.accepted ? 200 : 401, verdict);
    }
    const own = sdk.headers ?? {};
    const request = { method, url: searchParams.get("to"), headers: { "content-type": headers["content-type"], ...own }, body };
    answer(200, await deliver(sdk, request));
  } catch (error) {
    answer(500, { error: String(error?.stack ?? error) });
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}`;

async function told(sdk) {
  const { provider, signature, variables = {} } = sdk;
  const headers = { "content-type": "application/json", ...sdk.headers };
  const sample = { method: "POST", url: `${url}/in`, headers, body: '{"type":"test"}' };
  // A signature that stands in the body may want another one.
  const isAccepted = async (now) => {
    const request = await signed(sdk, sample, now).catch(() => undefined);
    return request !== undefined && (await judged(sdk, request)).accepted;
  };
  const looks_at_the_time = (await isAccepted(Date.now())) && !(await isAccepted(Date.now() - DAY_MS));
  return { provider, signature, variables, looks_at_the_time, ...keys(sdk) };
}

console.log(JSON.stringify({ url, sdks: await Promise.all([...sdks.values()].map(told)) }));
process.stdin.resume().on("end", () => process.exit(0));
