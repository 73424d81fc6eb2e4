// https://www.mux.com/docs/core/verify-webhook-signatures
import Mux from "@mux/mux-node";
import { hmac } from "../keys.mjs";

const { webhooks } = new Mux({ tokenId: "of a test", tokenSecret: "of a test" });

export const signature = "v1";
export const secret = "a secret of a test";

export const sign = ({ body }, secret, { seconds }) => ({
  "mux-signature": `t=${seconds},v1=${hmac("sha256", secret, `${seconds}.${body}`, "hex")}`,
});

export const verify = ({ body, headers }, secret) => webhooks.verifySignature(body, headers, secret);
