// https://documentation.onfido.com/api/latest/#verifying-webhook-signatures
import { WebhookEventVerifier } from "@onfido/api";
import { hmac } from "../keys.mjs";

const HEADER = "x-sha2-signature";

export const signature = "sha256";
export const secret = "_ABC123abc123ABC123abc123ABC123_";

export const sign = ({ body }, secret) => ({ [HEADER]: hmac("sha256", secret, body, "hex") });

export const verify = ({ body, headers }, secret) => new WebhookEventVerifier(secret).readPayload(body, headers[HEADER]);
