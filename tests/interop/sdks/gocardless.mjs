// https://developer.gocardless.com/api-reference/#webhooks-overview
import * as webhooks from "gocardless-nodejs/webhooks";
import { hmac } from "../keys.mjs";

const HEADER = "webhook-signature";

export const signature = "hmac";
export const secret = "ED7D658C-D8EB-4941-948B-3973214F2D49";

export const sign = ({ body }, secret) => ({ [HEADER]: hmac("sha256", secret, body, "hex") });

export const verify = ({ body, headers }, secret) => webhooks.parse(body, secret, headers[HEADER]);
