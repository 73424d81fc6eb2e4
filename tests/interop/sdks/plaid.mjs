// The SDK fetches the key, here from a server of our own; the token is verified as in
// https://plaid.com/docs/api/webhooks/webhook-verification/
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import * as jose from "jose";
import { Configuration, PlaidApi } from "plaid";
import { pair } from "../keys.mjs";

const HEADER = "plaid-verification";
const KID = "bfbd5111-8e33-4643-8ced-b2e642a72f3c";
const sha256 = (body) => createHash("sha256").update(body).digest("hex");
const written = (key) => JSON.stringify({ ...key.export({ format: "jwk" }), alg: "ES256", kid: KID, use: "sig" });
const keyPair = pair("ec", { namedCurve: "P-256" }, { written, published: written });

const api = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const isKnown = JSON.parse(Buffer.concat(chunks)).key_id === KID;
  const key = { ...JSON.parse(keyPair.secret.verifies), created_at: 1560466150, expired_at: null };
  response.writeHead(isKnown ? 200 : 404, { "content-type": "application/json" });
  response.end(JSON.stringify(isKnown ? { key, request_id: "RZ6Omi1bzzwDaLo" } : {}));
}).unref();
await new Promise((resolve) => api.listen(0, "127.0.0.1", resolve));
const plaid = new PlaidApi(new Configuration({ basePath: `http://127.0.0.1:${api.address().port}` }));

export const signature = "jwt";
export const { secret } = keyPair;

export const sign = async ({ body }, _, { seconds }) => ({
  [HEADER]: await new jose.SignJWT({ request_body_sha256: sha256(body) })
    .setProtectedHeader({ alg: "ES256", kid: KID, typ: "JWT" })
    .setIssuedAt(seconds)
    .sign(keyPair.privateKey),
});

export async function verify({ body, headers }) {
  const { alg, kid } = jose.decodeProtectedHeader(headers[HEADER]);
  if (alg !== "ES256") return false;
  const { data } = await plaid.webhookVerificationKeyGet({ key_id: kid });
  const { payload } = await jose.jwtVerify(headers[HEADER], await jose.importJWK(data.key), { maxTokenAge: "5 min" });
  return payload.request_body_sha256 === sha256(body);
}
