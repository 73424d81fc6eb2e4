// https://shopify.dev/docs/apps/build/webhooks/subscribe/https
import "@shopify/shopify-api/adapters/node";
import { ApiVersion, LogSeverity, shopifyApi } from "@shopify/shopify-api";
import { hmac } from "../keys.mjs";

export const signature = "webhook";
export const secret = "shpss_of_a_test";

/** The SDK wants them beside a right signature. */
export const headers = {
  "x-shopify-topic": "orders/create",
  "x-shopify-shop-domain": "snowdevil.myshopify.com",
  "x-shopify-api-version": "2026-07",
  "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
};

export const sign = ({ body }, secret) => ({ "x-shopify-hmac-sha256": hmac("sha256", secret, body, "base64") });

export async function verify({ method, url, headers, body }, apiSecretKey) {
  const { webhooks } = shopifyApi({
    apiKey: "of a test",
    apiSecretKey,
    apiVersion: ApiVersion.July25,
    hostName: "app.example.test",
    isEmbeddedApp: true,
    logger: { level: LogSeverity.Error },
  });
  const { valid } = await webhooks.validate({ rawBody: body, rawRequest: { method, url, headers } });
  return valid;
}
