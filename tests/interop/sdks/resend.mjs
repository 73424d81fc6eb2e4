import { Resend } from "resend";
import { Webhook } from "svix";

const { webhooks } = new Resend("re_of_a_test");

export const signature = "v1";
export const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export function sign({ body }, secret, { now, seconds }) {
  const id = "msg_2b6kQ1ZbTnJpG4Ct5uVJmVQhQ1x";
  const made = new Webhook(secret).sign(id, new Date(now), body);
  return { "svix-id": id, "svix-timestamp": String(seconds), "svix-signature": made };
}

export function verify({ body: payload, headers }, webhookSecret) {
  const { "svix-id": id, "svix-timestamp": timestamp, "svix-signature": signature } = headers;
  return webhooks.verify({ payload, headers: { id, timestamp, signature }, webhookSecret });
}
