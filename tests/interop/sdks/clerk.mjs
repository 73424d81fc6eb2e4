import { verifyWebhook } from "@clerk/backend/webhooks";
import { Webhook } from "svix";

export const signature = "v1";
export const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export function sign({ body }, secret, { now, seconds }) {
  const id = "msg_2b6kQ1ZbTnJpG4Ct5uVJmVQhQ1x";
  const made = new Webhook(secret).sign(id, new Date(now), body);
  return { "svix-id": id, "svix-timestamp": String(seconds), "svix-signature": made };
}

export const verify = ({ method, url, headers, body }, signingSecret) =>
  verifyWebhook(new Request(url, { method, headers, body }), { signingSecret });
