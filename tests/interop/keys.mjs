// What the adapters sign with where their SDK only verifies: node:crypto, as the vendor's documentation says.

import { createHmac, generateKeyPairSync } from "node:crypto";

export const hmac = (digest, key, text, encoding) => createHmac(digest, key).update(text).digest(encoding);

const pem = (key) => key.export({ format: "pem", type: "pkcs8" });

/** A key pair: the private half signs, the public half verifies, written by `format`; `other` is another private one. */
export function pair(kind, options, format) {
  const [one, another] = [generateKeyPairSync(kind, options), generateKeyPairSync(kind, options)];
  return { ...one, secret: { signs: pem(one.privateKey), verifies: format(one.publicKey), other: pem(another.privateKey) } };
}

/** The raw bytes of an Ed25519 key: the seed of a private one, the point of a public one. */
export const raw = (key) => Buffer.from(key.export({ format: "jwk" })[key.type === "private" ? "d" : "x"], "base64url");
