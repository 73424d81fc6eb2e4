// https://developers.openai.com/api/docs/guides/webhooks
import OpenAI from "openai";
import { hmac } from "../keys.mjs";

const { webhooks } = new OpenAI({ apiKey: "of a test" });

export const signature = "v1";
export const secret = "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=";

export function sign({ body }, secret, { seconds }) {
  const id = "wh_685342e6c53c8190a1be43f081506c52";
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const made = `v1,${hmac("sha256", key, `${id}.${seconds}.${body}`, "base64")}`;
  return { "webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": made };
}

export const verify = ({ body, headers }, secret) => webhooks.verifySignature(body, headers, secret);
