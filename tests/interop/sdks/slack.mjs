// https://docs.slack.dev/authentication/verifying-requests-from-slack
import { verifySlackRequest } from "@slack/bolt/dist/receivers/verify-request.js";
import { hmac } from "../keys.mjs";

export const signature = "v0";
export const secret = "8f742231b10e8888abcd99yyyzzz85a5";

export const sign = ({ body }, secret, { seconds }) => ({
  "x-slack-request-timestamp": String(seconds),
  "x-slack-signature": `v0=${hmac("sha256", secret, `v0:${seconds}:${body}`, "hex")}`,
});

export const verify = ({ body, headers }, signingSecret) => verifySlackRequest({ signingSecret, body, headers });
