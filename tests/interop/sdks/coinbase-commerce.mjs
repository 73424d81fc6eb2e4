import commerce from "coinbase-commerce-node";

const HEADER = "x-cc-webhook-signature";
const { Webhook } = commerce;

export const signature = "hmac";
export const secret = "30291a20-0bd1-4267-9b0f-e6e7123c0ac1";

export const sign = ({ body }, secret) => ({ [HEADER]: Webhook.computeSignature(body, secret) });

export const verify = ({ body, headers }, secret) => Webhook.verifySigHeader(body, headers[HEADER], secret);
