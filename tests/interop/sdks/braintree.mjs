// The signature is the SDK's own: see its webhook_testing_gateway.js.
import { createHash } from "node:crypto";
import braintree from "braintree";
import { hmac } from "../keys.mjs";

const PUBLIC_KEY = "integration_public_key";
const gateway = (privateKey) =>
  new braintree.BraintreeGateway({
    environment: braintree.Environment.Sandbox,
    merchantId: "integration_merchant_id",
    publicKey: PUBLIC_KEY,
    privateKey,
  });

export const signature = "form";
export const secret = "integration_private_key";

export function sign(request, secret) {
  const form = new URLSearchParams(request.body);
  const key = createHash("sha1").update(secret).digest();
  form.set("bt_signature", `${PUBLIC_KEY}|${hmac("sha1", key, form.get("bt_payload") ?? "", "hex")}`);
  request.body = form.toString();
  return {};
}

export function verify({ body }, secret) {
  const form = new URLSearchParams(body);
  return gateway(secret).webhookNotification.parse(form.get("bt_signature"), form.get("bt_payload"));
}

/** One letter of the payload, or of the signature. */
export const spoilers = {
  body: (request) => ({ ...request, body: request.body.replace(/(bt_payload=.{20})./, "$1A") }),
  signature: (request) => ({ ...request, body: request.body.replace(/(bt_signature=\w+%7C\w{8})./, "$1g") }),
};
