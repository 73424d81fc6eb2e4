import { Signature } from "@hubspot/api-client";

const TIMESTAMP = "x-hubspot-request-timestamp";

/** The SDK signs, and verifies, in the same versions. */
const version = (signatureVersion, headers, header) => {
  const options = ({ url, body: requestBody }, clientSecret) => ({ url, requestBody, clientSecret });
  return {
    secret: "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
    sign(request, secret, { now: timestamp }) {
      const made = Signature.getSignature(request.method, signatureVersion, { ...options(request, secret), timestamp });
      return { ...headers(timestamp), [header]: made };
    },
    verify: (request, secret) =>
      Signature.isValid({
        ...options(request, secret),
        signatureVersion,
        method: request.method,
        signature: request.headers[header],
        timestamp: Number(request.headers[TIMESTAMP]),
      }),
  };
};

const named = (name) => version(name, () => ({ "x-hubspot-signature-version": name }), "x-hubspot-signature");

export const alternatives = {
  v3: version("v3", (timestamp) => ({ [TIMESTAMP]: String(timestamp) }), "x-hubspot-signature-v3"),
  v2: named("v2"),
  v1: named("v1"),
};
