import { verify as verified } from "retell-sdk";
import { hmac } from "../keys.mjs";

const HEADER = "x-retell-signature";

export const signature = "v";
export const secret = "key_of_a_test";

/** The SDK's own `sign` takes no time. */
export const sign = ({ body }, secret, { now }) => ({
  [HEADER]: `v=${now},d=${hmac("sha256", secret, body + now, "hex")}`,
});

export const verify = ({ body, headers }, secret) => verified(body, secret, headers[HEADER]);
