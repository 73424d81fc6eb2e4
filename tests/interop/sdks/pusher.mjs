// https://pusher.com/docs/channels/server_api/webhooks/#authentication
import Pusher from "pusher";
import { hmac } from "../keys.mjs";

const KEY = "123456789";
const pusher = (secret) => new Pusher({ appId: "1", key: KEY, secret, host: "127.0.0.1" });

export const signature = "sha256";
export const secret = "7ad3773142a6692b25b8";

export const sign = ({ body }, secret) => ({
  "x-pusher-key": KEY,
  "x-pusher-signature": hmac("sha256", secret, body, "hex"),
});

export const verify = ({ headers, body: rawBody }, secret) => pusher(secret).webhook({ headers, rawBody }).isValid();
