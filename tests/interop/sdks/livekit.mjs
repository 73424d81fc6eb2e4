import { createHash } from "node:crypto";
import { AccessToken, WebhookReceiver } from "livekit-server-sdk";

export const signature = "jwt";
export const secret = "a secret that is long enough for it";
export const variables = { api_key: "devkey" };

/** The token lives for `lifetime` from now: one of yesterday is made to have lived for a day. */
export async function sign({ body }, secret, { now }) {
  const token = new AccessToken(variables.api_key, secret, { ttl: Math.floor((now - Date.now()) / 1000) + 300 });
  token.sha256 = createHash("sha256").update(body).digest("base64");
  return { authorization: await token.toJwt() };
}

export const verify = ({ body, headers }, secret) =>
  new WebhookReceiver(variables.api_key, secret).receive(body, headers.authorization);
