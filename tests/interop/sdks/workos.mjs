import { WorkOS } from "@workos-inc/node";

const HEADER = "workos-signature";
const { webhooks } = new WorkOS("sk_of_a_test");

export const signature = "v1";
export const secret = "a secret of a test";

export const sign = async ({ body }, secret, { now }) => ({
  [HEADER]: `t=${now}, v1=${await webhooks.computeSignature(now, JSON.parse(body), secret)}`,
});

/** The SDK takes the body as parsed, and writes it anew before it verifies. */
export const verify = ({ body, headers }, secret) =>
  webhooks.constructEvent({ payload: JSON.parse(body), sigHeader: headers[HEADER], secret });
