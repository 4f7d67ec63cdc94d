import { type Identities, type Identity, localRegion } from "../iam/identity.ts";
import { type OldAddress, oldSignature, oldTextToSign } from "../iam/sigv2.ts";
import {
  authenticationOf,
  isSame,
  type Reckoned,
  reckon,
  type Signed,
  signedAtMs,
} from "../iam/sigv4.ts";
import type { S3Request } from "./request.ts";
import { accessDenied, invalidArgument, S3Error } from "./s3-error.ts";

/*
 * Who sent a request, in S3's own errors:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
 */

const skewMsMax = 15 * 60_000;
/** A week: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const expiresSecondsMax = 604_800;

/** How a request was signed: as is usual today, or as older addresses are. */
export type Signature =
  | { readonly kind: "signed"; readonly signed: Signed }
  | { readonly kind: "old"; readonly address: OldAddress };

/** How a request was signed, well-formed and at its time; null for one that is not signed. */
export function signatureOf(request: S3Request, nowMs: number): Signature | null {
  const authentication = authenticationOf(request.message);
  if (authentication.kind === "none") return null;
  if (authentication.kind === "both")
    throw invalidArgument(
      "Only one auth mechanism allowed: either the address is signed, or the header is.",
    );
  if (authentication.kind === "unsupported")
    throw new S3Error(
      400,
      "InvalidRequest",
      "The authorization mechanism you have provided is not supported. Please use " +
        "AWS4-HMAC-SHA256.",
    );
  if (authentication.kind === "malformed") throw malformedAt(authentication);
  if (authentication.kind === "old") checkNotExpired(authentication.address, nowMs);
  else {
    const { signed } = authentication;
    checkScope(signed);
    if (signed.where === "query") checkLifetime(signed, nowMs);
    else checkNotSkewed(signed, nowMs);
  }
  return authentication;
}

/** Whom a request's key belongs to. Throws where it is nobody's, or was not signed with it. */
export function signerOf(
  request: S3Request,
  signature: Signature | null,
  identities: Identities,
): Identity {
  if (signature === null) throw accessDenied("Access Denied");
  const given = signature.kind === "old" ? signature.address : signature.signed;
  const identity = identities.get(given.accessKeyId);
  const about = { AWSAccessKeyId: given.accessKeyId };
  if (identity === undefined)
    throw new S3Error(
      403,
      "InvalidAccessKeyId",
      "The AWS Access Key Id you provided does not exist in our records.",
      { details: about },
    );
  if ((identity.sessionToken ?? null) !== given.token)
    throw new S3Error(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
  const wanted = reckoned(request, signature, identity.secretAccessKey);
  if (isSame(wanted.signature, given.signature)) return identity;
  throw new S3Error(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. " +
      "Check your key and signing method.",
    {
      details: {
        ...about,
        StringToSign: wanted.toSign,
        SignatureProvided: given.signature,
        ...(wanted.canonical !== "" && { CanonicalRequest: wanted.canonical }),
      },
    },
  );
}

function reckoned(request: S3Request, signature: Signature, secret: string): Reckoned {
  const { message, bucket, path, query } = request;
  if (signature.kind === "signed") {
    const subject = { payload: payloadOf(request, signature.signed), path: "as-is" } as const;
    return reckon(message, signature.signed, secret, subject);
  }
  const isInHost = !path.startsWith(`/${bucket}`);
  const resource = isInHost ? `/${bucket}${path}` : path;
  const toSign = oldTextToSign(message, signature.address, resource, query);
  return { canonical: "", toSign, signature: oldSignature(toSign, secret) };
}

/** The body's digest, or what stands for it: an address does not know what will be sent to it. */
function payloadOf(request: S3Request, signed: Signed): string {
  const header = request.header("x-amz-content-sha256");
  if (signed.where === "query")
    return request.query.get("X-Amz-Content-Sha256") ?? header ?? "UNSIGNED-PAYLOAD";
  if (header === undefined)
    throw new S3Error(
      400,
      "InvalidRequest",
      "Missing required header for this request: x-amz-content-sha256",
    );
  if (!/^([0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+)$/.test(header))
    throw invalidArgument(
      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, the name of a streamed payload, " +
        "or a valid sha256 value.",
    );
  return header;
}

function checkScope({ where, scope, date }: Signed): void {
  const { region, service, end } = scope;
  if (service !== "s3" || end !== "aws4_request")
    throw malformedAt({
      where,
      what: `it is for "${service}/${end}"; expecting "s3/aws4_request"`,
    });
  if (region !== localRegion)
    throw malformedAt(
      { where, what: `the region '${region}' is wrong; expecting '${localRegion}'` },
      { Region: localRegion },
    );
  if (signedAtMs({ date }) === null)
    throw accessDenied("AWS authentication requires a valid Date or x-amz-date header");
  if (!date.startsWith(scope.date))
    throw malformedAt({ where, what: `its date ${scope.date} is not that of ${date}` });
}

/** S3 refuses a request whose date is further from its own clock than a quarter of an hour. */
function checkNotSkewed(signed: Signed, nowMs: number): void {
  if (Math.abs(signedAtMs(signed)! - nowMs) <= skewMsMax) return;
  throw new S3Error(
    403,
    "RequestTimeTooSkewed",
    "The difference between the request time and the current time is too large.",
    {
      details: {
        RequestTime: signed.date,
        ServerTime: new Date(nowMs).toISOString(),
        MaxAllowedSkewMilliseconds: String(skewMsMax),
      },
    },
  );
}

/** A presigned address has a lifetime from a second to a week, and works within it alone. */
function checkLifetime(signed: Signed, nowMs: number): void {
  const text = signed.expires ?? "";
  const seconds = Number(text);
  const refuse = (what: string) =>
    new S3Error(400, "AuthorizationQueryParametersError", `X-Amz-Expires ${what}`);
  if (!/^-?\d{1,15}$/.test(text)) throw refuse("should be a number");
  if (seconds < 1) throw refuse("must be at least 1 second");
  if (seconds > expiresSecondsMax)
    throw refuse(`must be less than a week (in seconds) that is ${expiresSecondsMax}`);
  const fromMs = signedAtMs(signed)!;
  if (nowMs < fromMs - skewMsMax) throw accessDenied("Request is not yet valid");
  const endMs = fromMs + seconds * 1000;
  if (nowMs <= endMs) return;
  throw accessDenied("Request has expired", {
    "X-Amz-Expires": text,
    Expires: new Date(endMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  });
}

function checkNotExpired({ expires }: OldAddress, nowMs: number): void {
  if (!/^\d{1,12}$/.test(expires))
    throw accessDenied("Invalid date (should be seconds since epoch)");
  if (nowMs > Number(expires) * 1000) throw accessDenied("Request has expired");
}

function malformedAt(
  { where, what }: { readonly where: Signed["where"]; readonly what: string },
  details: Readonly<Record<string, string>> = {},
): S3Error {
  const [code, place] =
    where === "query"
      ? ["AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter"]
      : ["AuthorizationHeaderMalformed", "The authorization header is malformed"];
  return new S3Error(400, code!, `${place}; ${what}`, { details });
}
