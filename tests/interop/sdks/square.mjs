// https://developer.squareup.com/docs/webhooks/step3validate
import { WebhooksHelper } from "square";
import { hmac } from "../keys.mjs";

const HEADER = "x-square-hmacsha256-signature";

export const signature = "hmac";
export const secret = "asdf1234";

export const sign = ({ url, body }, secret) => ({ [HEADER]: hmac("sha256", secret, url + body, "base64") });

export const verify = ({ url: notificationUrl, headers, body: requestBody }, signatureKey) =>
  WebhooksHelper.verifySignature({ requestBody, signatureHeader: headers[HEADER], signatureKey, notificationUrl });
