import * as methods from "@octokit/webhooks-methods";

const HEADER = "x-hub-signature-256";

export const signature = "sha256";
export const secret = "it is a secret of a test";

export const sign = async ({ body }, secret) => ({ [HEADER]: await methods.sign(secret, body) });

export const verify = ({ body, headers }, secret) => methods.verify(secret, body, headers[HEADER]);
