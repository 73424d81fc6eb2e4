// https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
import { sign as signed } from "node:crypto";
import Telnyx from "telnyx";
import { pair, raw } from "../keys.mjs";

const base64 = (key) => raw(key).toString("base64");
const { privateKey, secret: made } = pair("ed25519", {}, { written: base64, published: base64 });
const { webhooks } = new Telnyx("of a test");
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));

export const signature = "ed25519";
export const secret = made;

export const sign = ({ body }, _, { seconds }) => ({
  "telnyx-timestamp": String(seconds),
  "telnyx-signature-ed25519": signed(null, Buffer.from(`${seconds}|${body}`), privateKey).toString("base64"),
});

export const verify = ({ body, headers }, publicKey) =>
  webhooks.constructEvent(body, bytes(headers["telnyx-signature-ed25519"]), headers["telnyx-timestamp"], bytes(publicKey));
