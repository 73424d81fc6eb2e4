// https://developers.webflow.com/data/docs/working-with-webhooks#validating-request-signatures
import { WebflowClient } from "webflow-api";
import { hmac } from "../keys.mjs";

const { webhooks } = new WebflowClient({ accessToken: "of a test" });

export const signature = "sha256";
export const secret = "a secret of a test";

export const sign = ({ body }, secret, { now }) => ({
  "x-webflow-timestamp": String(now),
  "x-webflow-signature": hmac("sha256", secret, `${now}:${body}`, "hex"),
});

export const verify = ({ headers, body }, secret) => webhooks.verifySignature({ headers, body, secret });
