// https://elevenlabs.io/docs/product-guides/administration/webhooks
import { ElevenLabsClient } from "@elevenlabs/elevenlabs-js";
import { hmac } from "../keys.mjs";

const HEADER = "elevenlabs-signature";
const { webhooks } = new ElevenLabsClient({ apiKey: "of a test" });

export const signature = "v0";
export const secret = "wsec_of_a_test";

export const sign = ({ body }, secret, { seconds }) => ({
  [HEADER]: `t=${seconds},v0=${hmac("sha256", secret, `${seconds}.${body}`, "hex")}`,
});

export const verify = ({ body, headers }, secret) => webhooks.constructEvent(body, headers[HEADER], secret);
