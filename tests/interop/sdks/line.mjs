// https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
import { validateSignature } from "@line/bot-sdk";
import { hmac } from "../keys.mjs";

const HEADER = "x-line-signature";

export const signature = "hmac";
export const secret = "8c570fa6dd201bb328f1c1eac23a96d8";

export const sign = ({ body }, secret) => ({ [HEADER]: hmac("sha256", secret, body, "base64") });

export const verify = ({ body, headers }, secret) => validateSignature(body, secret, headers[HEADER]);
