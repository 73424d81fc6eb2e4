import { createHash } from "node:crypto";
import twilio from "twilio";
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";

const HEADER = "x-twilio-signature";
const fields = (body) => Object.fromEntries(new URLSearchParams(body));
const secret = "12345678901234567890123456789012";

const form = {
  secret,
  sign: ({ url, body }, secret) => ({ [HEADER]: getExpectedTwilioSignature(secret, url, fields(body)) }),
  verify: ({ url, headers, body }, secret) => twilio.validateRequest(secret, headers[HEADER], url, fields(body)),
};

const json = {
  secret,
  sign(request, secret) {
    request.url += `?bodySHA256=${createHash("sha256").update(request.body).digest("hex")}`;
    return { [HEADER]: getExpectedTwilioSignature(secret, request.url, {}) };
  },
  verify: ({ url, headers, body }, secret) => twilio.validateRequestWithBody(secret, headers[HEADER], url, body),
};

export const alternatives = { form, json };
