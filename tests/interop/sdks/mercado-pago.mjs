// https://www.mercadopago.com.ar/developers/en/docs/your-integrations/notifications/webhooks
import { WebhookSignatureValidator } from "mercadopago";
import { hmac } from "../keys.mjs";

export const signature = "v1";
export const secret = "a secret of a test";

/** The SDK signs the time as it is written, in whatever unit. */
export function sign(request, secret, { now }) {
  request.url += "?data.id=999999999&type=payment";
  const [id, requestId] = ["999999999", "bb56a2f1-6aae-46ac-982e-9dcd3581d08e"];
  const made = hmac("sha256", secret, `id:${id};request-id:${requestId};ts:${now};`, "hex");
  return { "x-request-id": requestId, "x-signature": `ts=${now},v1=${made}` };
}

export function verify({ url, headers }, secret) {
  const dataId = new URL(url).searchParams.get("data.id");
  const { "x-signature": xSignature, "x-request-id": xRequestId } = headers;
  WebhookSignatureValidator.validate({ xSignature, xRequestId, dataId, secret });
}

/** The body is not signed. */
export const spoilers = { body: () => undefined };
