// https://www.plivo.com/docs/voice/concepts/signature-validation
import plivo from "plivo";
import { hmac } from "../keys.mjs";

const [SIGNATURE, NONCE] = ["x-plivo-signature-v3", "x-plivo-signature-v3-nonce"];
const fields = (body) => Object.fromEntries(new URLSearchParams(body));

const v3 = {
  secret: "MGQzYTQ5MGRjMTQ4NzQxYzRlM2Q3ZGY5NmQ2ZjE",
  sign({ url, body }, secret, { now }) {
    const nonce = `${now}5550123`;
    const pairs = Object.entries(fields(body)).sort(([one], [other]) => (one < other ? -1 : 1));
    const signed = `${url}?${pairs.flat().join("")}.${nonce}`;
    return { [NONCE]: nonce, [SIGNATURE]: hmac("sha256", secret, signed, "base64") };
  },
  verify: ({ method, url, headers, body }, secret) =>
    plivo.validateV3Signature(method, url, headers[NONCE], secret, headers[SIGNATURE], fields(body)),
};

export const alternatives = { v3 };
