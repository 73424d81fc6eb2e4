import adyen from "@adyen/api-library";

const validator = new adyen.hmacValidator();
const items = (body) => body.notificationItems.map((item) => item.NotificationRequestItem);

export const signature = "standard";
export const secret = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

/** The signature stands in each item of the body. */
export function sign(request, secret) {
  const body = JSON.parse(request.body);
  for (const item of items(body)) {
    item.additionalData = { ...item.additionalData, hmacSignature: validator.calculateHmac(item, secret) };
  }
  request.body = JSON.stringify(body);
  return {};
}

export const verify = ({ body }, secret) => items(JSON.parse(body)).every((item) => validator.validateHMAC(item, secret));

/** Of the body, only some fields are signed. */
export const spoilers = {
  body: (request) => ({ ...request, body: request.body.replace(/("eventCode":")./, "$1_") }),
  signature: (request) => ({ ...request, body: request.body.replace(/("hmacSignature":"\w)./, "$1_") }),
};
