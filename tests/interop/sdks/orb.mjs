import Orb from "orb-billing";

const { webhooks } = new Orb({ apiKey: "of a test" });

export const signature = "v1";
export const secret = "c-dvWpy8f5JyjFwqO2lfmWGFi8o";

export function sign({ body: payload }, secret, { iso }) {
  // Orb writes the time without its zone.
  const timestamp = iso.replace("Z", "");
  return { "x-orb-timestamp": timestamp, "x-orb-signature": webhooks.signPayload(payload, { timestamp, secret }) };
}

export const verify = ({ body, headers }, secret) => webhooks.verifySignature(body, headers, secret);
