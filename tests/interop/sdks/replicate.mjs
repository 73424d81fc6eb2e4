import { validateWebhook } from "replicate";
import { Webhook } from "standardwebhooks";

export const signature = "v1";
export const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export function sign({ body }, secret, { now, seconds }) {
  const id = "msg_2b6kQ1ZbTnJpG4Ct5uVJmVQhQ1x";
  const made = new Webhook(secret).sign(id, new Date(now), body);
  return { "webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": made };
}

export const verify = (request, secret) => validateWebhook(request, secret);
