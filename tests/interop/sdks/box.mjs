// https://developer.box.com/guides/webhooks/v2/signatures-v2/
import BoxSDK from "box-node-sdk";
import { hmac } from "../keys.mjs";

export const signature = "hmac";
export const secret = "Fd28OJrZ8oNxkgmS7TbjXNgrG8v";

export const sign = ({ body }, secret, { iso }) => ({
  "box-delivery-timestamp": iso,
  "box-signature-algorithm": "HmacSHA256",
  "box-signature-version": "1",
  "box-signature-primary": hmac("sha256", secret, body + iso, "base64"),
});

export const verify = ({ body, headers }, secret) => BoxSDK.validateWebhookMessage(body, headers, secret);
