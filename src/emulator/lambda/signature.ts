import { hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Identities, type Identity, localRegion } from "../iam/identity.ts";
import { deniedMessage, isAllowed } from "../iam/policy.ts";
import { authenticationOf, isSame, reckon, type Signed, signedAtMs } from "../iam/sigv4.ts";
import { LambdaError } from "./failures.ts";

/*
 * Who sent a request, in the errors that all of AWS's JSON services have in common:
 * https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html
 */

/** Lambda gives a request five minutes; S3 gives it fifteen. */
const skewMsMax = 5 * 60_000;

/** Somebody who says who he is. */
export interface Caller {
  /** Throws `LambdaError` where the request, with this body, was not signed by his secret. */
  verify(body: Buffer): void;
  /** Throws `LambdaError` where his statements do not allow an action. */
  demand(action: string, resource: string): void;
}

/** Throws `LambdaError` for a request that is not signed, or by a key that nobody has. */
export function callerOf(request: IncomingMessage, identities: Identities, nowMs: number): Caller {
  const signed = signatureOf(request, nowMs);
  const identity = identities.get(signed.accessKeyId);
  if (identity === undefined || (identity.sessionToken ?? null) !== signed.token)
    throw refusal(
      "UnrecognizedClientException",
      "The security token included in the request is invalid.",
    );
  return {
    verify: (body) => verify(request, signed, identity, body),
    demand(action, resource) {
      if (isAllowed(identity.statements, { action, resource })) return;
      throw refusal("AccessDeniedException", deniedMessage(identity.arn, action, resource));
    },
  };
}

function signatureOf(request: IncomingMessage, nowMs: number): Signed {
  const authentication = authenticationOf(request);
  if (authentication.kind === "none")
    throw refusal("MissingAuthenticationTokenException", "Missing Authentication Token");
  if (authentication.kind !== "signed" || authentication.signed.where === "query")
    throw refusal(
      "IncompleteSignatureException",
      "The request must be signed by AWS4-HMAC-SHA256 in its Authorization header.",
    );
  const { signed } = authentication;
  const { service, region } = signed.scope;
  const wrong = (what: string) => refusal("InvalidSignatureException", what);
  if (service !== "lambda" || region !== localRegion)
    throw wrong(`Credential should be scoped to ${localRegion}/lambda, not ${region}/${service}.`);
  const atMs = signedAtMs(signed);
  if (atMs === null || !signed.date.startsWith(signed.scope.date))
    throw wrong("Date in Credential scope does not match the date of the request.");
  if (nowMs - atMs > skewMsMax) throw wrong(`Signature expired: ${signed.date} is too early.`);
  if (atMs - nowMs > skewMsMax)
    throw wrong(`Signature not yet current: ${signed.date} is to come.`);
  return signed;
}

function verify(
  request: IncomingMessage,
  signed: Signed,
  { secretAccessKey }: Identity,
  body: Buffer,
): void {
  const payload = hash("sha256", body, "hex");
  const subject = { payload, path: "encoded" } as const;
  const { signature } = reckon(request, signed, secretAccessKey, subject);
  if (isSame(signature, signed.signature)) return;
  throw refusal(
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your " +
      "AWS Secret Access Key and signing method.",
  );
}

function refusal(type: string, message: string): LambdaError {
  return new LambdaError(403, type, message);
}
