// https://developers.messagebird.com/api/#verifying-http-requests
import { createHash, createSecretKey, randomUUID } from "node:crypto";
import * as jose from "jose";
import { SIGNATURE_HEADER_NAME, verify as verified } from "messagebird/lib/webhook-signature-jwt.js";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const key = (secret) => createSecretKey(Buffer.from(secret));

const jwt = {
  secret: "hunter2 and a few more letters of it",
  sign: async ({ url, body }, secret, { seconds }) => ({
    [SIGNATURE_HEADER_NAME]: await new jose.SignJWT({ url_hash: sha256(url), payload_hash: sha256(body) })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer("MessageBird")
      .setJti(randomUUID())
      .setIssuedAt(seconds)
      .setNotBefore(seconds)
      .setExpirationTime(seconds + 60)
      .sign(key(secret)),
  }),
  verify: ({ url, headers, body }, secret) => verified(url, Buffer.from(body), headers[SIGNATURE_HEADER_NAME], key(secret)),
};

export const alternatives = { jwt };
