// https://developer.paddle.com/webhooks/signature-verification
import { Paddle } from "@paddle/paddle-node-sdk";
import { hmac } from "../keys.mjs";

const HEADER = "paddle-signature";
const { webhooks } = new Paddle("of a test");

export const signature = "h1";
export const secret = "pdl_ntfset_01gkdqbcsx4pchmz9ddk7c3ncx_GkTrvjf8Gr2SuO9y1KTSIA9xbM0h7C8E";

export const sign = ({ body }, secret, { seconds }) => ({
  [HEADER]: `ts=${seconds};h1=${hmac("sha256", secret, `${seconds}:${body}`, "hex")}`,
});

export const verify = ({ body, headers }, secret) => webhooks.isSignatureValid(body, secret, headers[HEADER]);
