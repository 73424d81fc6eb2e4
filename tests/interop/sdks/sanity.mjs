import { assertValidRequest, encodeSignatureHeader, SIGNATURE_HEADER_NAME } from "@sanity/webhook";

export const signature = "v1";
export const secret = "a secret of a test";

export const sign = async ({ body }, secret, { now }) => ({
  [SIGNATURE_HEADER_NAME]: await encodeSignatureHeader(body, now, secret),
});

export const verify = (request, secret) => assertValidRequest(request, secret);
