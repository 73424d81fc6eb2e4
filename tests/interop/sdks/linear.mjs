// https://linear.app/developers/webhooks#securing-webhooks
import { LinearWebhookClient } from "@linear/sdk/webhooks";
import { hmac } from "../keys.mjs";

const HEADER = "linear-signature";

export const signature = "sha256";
export const secret = "lin_wh_of_a_test";

/** The time that is signed stands in the body. */
export function sign(request, secret, { now: webhookTimestamp }) {
  request.body = JSON.stringify({ ...JSON.parse(request.body), webhookTimestamp });
  return { [HEADER]: hmac("sha256", secret, request.body, "hex") };
}

export const verify = ({ body, headers }, secret) =>
  new LinearWebhookClient(secret).verify(Buffer.from(body), headers[HEADER], JSON.parse(body).webhookTimestamp);
