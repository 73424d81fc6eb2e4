// https://razorpay.com/docs/webhooks/validate-test/
import Razorpay from "razorpay";
import { hmac } from "../keys.mjs";

const HEADER = "x-razorpay-signature";

export const signature = "hmac";
export const secret = "a secret of a test";

export const sign = ({ body }, secret) => ({ [HEADER]: hmac("sha256", secret, body, "hex") });

export const verify = ({ body, headers }, secret) => Razorpay.validateWebhookSignature(body, headers[HEADER], secret);
