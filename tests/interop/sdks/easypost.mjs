// https://docs.easypost.com/guides/webhooks-guide#step-2-securing-webhooks-via-hmac-validation
import EasyPost from "@easypost/api";
import { hmac } from "../keys.mjs";

const { Utils } = new EasyPost("of a test");

export const signature = "hmac";
export const secret = "sécret";

export const sign = ({ body }, secret) => ({
  "x-hmac-signature": `hmac-sha256-hex=${hmac("sha256", secret.normalize("NFKD"), body, "hex")}`,
});

export const verify = ({ body, headers }, secret) => Utils.validateWebhook(Buffer.from(body), headers, secret);
