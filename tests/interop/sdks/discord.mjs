// https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint
import { sign as signed } from "node:crypto";
import { verifyKey } from "discord-interactions";
import { pair, raw } from "../keys.mjs";

const hex = (key) => raw(key).toString("hex");
const { privateKey, secret: made } = pair("ed25519", {}, { written: hex, published: hex });

export const signature = "ed25519";
export const secret = made;

export function sign({ body }, _, { seconds }) {
  const signature = signed(null, Buffer.from(`${seconds}${body}`), privateKey).toString("hex");
  return { "x-signature-ed25519": signature, "x-signature-timestamp": String(seconds) };
}

export const verify = ({ body, headers }, publicKey) =>
  verifyKey(body, headers["x-signature-ed25519"], headers["x-signature-timestamp"], publicKey);
