// https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures
import adyen from "@adyen/api-library";

const validator = new adyen.hmacValidator();

export const signature = "header";
export const secret = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

export const sign = ({ body }, secret) => ({ hmacsignature: validator.calculateHmac(body, secret), protocol: "HmacSHA256" });

export const verify = ({ body, headers }, secret) => validator.validateHMACSignature(secret, headers.hmacsignature, body);
