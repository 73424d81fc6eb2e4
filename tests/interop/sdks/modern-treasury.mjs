import ModernTreasury from "modern-treasury";

const { webhooks } = new ModernTreasury({ apiKey: "of a test", organizationID: "of a test" });

export const signature = "hmac";
export const secret = "webhook_of_a_test";

export const sign = ({ body }, key) => ({ "x-signature": webhooks.getSignature(body, { key }) });

export const verify = ({ body, headers }, key) => webhooks.validateSignature(body, headers["x-signature"], { key });
