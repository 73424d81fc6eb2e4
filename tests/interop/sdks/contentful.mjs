import { signRequest, verifyRequest } from "@contentful/node-apps-toolkit";

export const signature = "canonical";
export const secret = "ab".repeat(32);
export const headers = { "x-contentful-topic": "ContentManagement.Entry.publish" };

const canonical = ({ method, url, headers, body }) => {
  const { pathname, search } = new URL(url);
  return { method, path: pathname + search, headers, body };
};

export const sign = (request, secret, { now }) => signRequest(secret, canonical(request), now);

export const verify = (request, secret) => verifyRequest(secret, canonical(request));
