import Stripe from "stripe";

const HEADER = "stripe-signature";

export const signature = "v1";
export const secret = "whsec_of_a_test";

export const sign = ({ body: payload }, secret, { seconds: timestamp }) => ({
  [HEADER]: Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }),
});

export const verify = ({ body, headers }, secret) => Stripe.webhooks.constructEvent(body, headers[HEADER], secret);
