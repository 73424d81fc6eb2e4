// https://developer.vonage.com/en/getting-started/concepts/webhooks#validating-signed-webhooks
// The SDK verifies the token; the hash in it is compared as the documentation says.
import { createHash } from "node:crypto";
import * as jose from "jose";
import { verifySignature } from "@vonage/jwt";

const sha256 = (body) => createHash("sha256").update(body).digest("hex");
const token = (headers) => headers.authorization.replace(/^Bearer /, "");

export const signature = "jwt";
export const secret = "a signature secret that is long enough";

export const sign = async ({ body }, secret, { seconds }) => ({
  authorization: `Bearer ${await new jose.SignJWT({ payload_hash: sha256(body) })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer("Vonage")
    .setIssuedAt(seconds)
    .sign(Buffer.from(secret))}`,
});

export const verify = ({ body, headers }, secret) =>
  verifySignature(token(headers), secret) && jose.decodeJwt(token(headers)).payload_hash === sha256(body);
