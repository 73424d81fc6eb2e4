// https://developers.hellosign.com/docs/events/walkthrough/#event-hash-verification
import { EventCallbackHelper, EventCallbackRequest } from "@dropbox/sign";
import { hmac } from "../keys.mjs";

export const signature = "event_hash";
export const secret = "324e3b0840f065eb51f3fd63231d0d33daa35d4ed10d27718839e81737065782";

/** The signature stands in the form field `json`, beside the time and the type that it covers. */
export function sign(request, secret, { seconds }) {
  const form = new URLSearchParams(request.body);
  const callback = JSON.parse(form.get("json") ?? '{"event":{}}');
  callback.event.event_time = String(seconds);
  callback.event.event_hash = hmac("sha256", secret, `${seconds}${callback.event.event_type}`, "hex");
  form.set("json", JSON.stringify(callback));
  request.body = form.toString();
  return {};
}

export function verify({ body }, secret) {
  const callback = JSON.parse(new URLSearchParams(body).get("json"));
  return EventCallbackHelper.isValid(secret, EventCallbackRequest.init(callback));
}

/** Of the body, only time and type are signed. */
export const spoilers = {
  body: (request) => ({ ...request, body: request.body.replace(/(event_type%22%3A\+?%22)./, "$1_") }),
  signature: (request) => ({ ...request, body: request.body.replace(/(event_hash%22%3A\+?%22\w)./, "$1g") }),
};
