import { v2 as cloudinary } from "cloudinary";

/** The SDK signs as it verifies, by its configuration. */
const hash = (signature_algorithm) => {
  const configured = (api_secret) => cloudinary.config({ api_secret, signature_algorithm });
  return {
    secret: "abcd1234efgh5678ijkl9012mno",
    sign({ body }, secret, { seconds }) {
      configured(secret);
      const signature = cloudinary.utils.webhook_signature(body, seconds, cloudinary.config());
      return { "x-cld-timestamp": String(seconds), "x-cld-signature": signature };
    },
    verify({ body, headers }, secret) {
      configured(secret);
      const { "x-cld-timestamp": timestamp, "x-cld-signature": signature } = headers;
      return cloudinary.utils.verifyNotificationSignature(body, Number(timestamp), signature);
    },
  };
};

export const alternatives = { sha1: hash("sha1"), sha256: hash("sha256") };
