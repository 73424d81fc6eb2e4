// What the adapters sign with where their SDK only verifies: node:crypto, as the vendor's documentation says.

import { createHmac, generateKeyPairSync } from "node:crypto";

export const hmac = (digest, key, text, encoding) => createHmac(digest, key).update(text).digest(encoding);

/** A private key as hookctl takes it where a provider's keys are PEM or its base64. */
export const pem = (key) => key.export({ format: "pem", type: "pkcs8" });

/** The raw bytes of an Ed25519 key: of a private one the seed and the point, of a public one the point. */
export function raw(key) {
  const { d = "", x } = key.export({ format: "jwk" });
  return Buffer.concat([d, x].map((part) => Buffer.from(part, "base64url")));
}

/** A key pair: the private half signs, the public half verifies; `other` is the private half of another. */
export function pair(kind, options, { written = pem, published }) {
  const [one, another] = [generateKeyPairSync(kind, options), generateKeyPairSync(kind, options)];
  const secret = { signs: written(one.privateKey), verifies: published(one.publicKey), other: written(another.privateKey) };
  return { ...one, secret };
}
