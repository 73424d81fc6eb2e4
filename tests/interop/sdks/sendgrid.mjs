// https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
import { sign as signed } from "node:crypto";
import { EventWebhook, EventWebhookHeader } from "@sendgrid/eventwebhook";
import { pair } from "../keys.mjs";

const [SIGNATURE, TIMESTAMP] = [EventWebhookHeader.SIGNATURE(), EventWebhookHeader.TIMESTAMP()].map((name) => name.toLowerCase());
const spki = (key) => key.export({ format: "der", type: "spki" }).toString("base64");

export const signature = "ecdsa";
export const { secret } = pair("ec", { namedCurve: "P-256" }, { published: spki });

export const sign = ({ body }, privateKey, { seconds }) => ({
  [TIMESTAMP]: String(seconds),
  [SIGNATURE]: signed("sha256", Buffer.from(`${seconds}${body}`), privateKey).toString("base64"),
});

export function verify({ body, headers }, publicKey) {
  const webhook = new EventWebhook();
  return webhook.verifySignature(webhook.convertPublicKeyToECDSA(publicKey), body, headers[SIGNATURE], headers[TIMESTAMP]);
}
