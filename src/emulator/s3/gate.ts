import { deniedMessage, isAllowed, type Statement } from "../iam/policy.ts";
import { isSignedBy, signedOf } from "../iam/sigv4.ts";
import type { S3Request } from "./request.ts";
import { S3Error } from "./s3-error.ts";

/** Who a key belongs to: a function's role, with its statements. */
export interface Identity {
  readonly secretAccessKey: string;
  readonly arn: string;
  readonly statements: readonly Statement[];
}

/** Decides what a request may do, and what it is told of an object that is not there. */
export interface S3Gate {
  /** Throws `S3Error` as S3 does. */
  admit(request: S3Request, operation: string): void;
  /** The same for one key of many that a body names. */
  admitRemoval(request: S3Request, key: string): void;
  /** The error to answer with: 403 instead of 404 to whoever may not list. */
  errorFor(error: S3Error, request: S3Request): S3Error;
}

const actions: Readonly<Record<string, string>> = {
  HeadObject: "GetObject",
  CreateMultipartUpload: "PutObject",
  UploadPart: "PutObject",
  CompleteMultipartUpload: "PutObject",
  CopyObject: "PutObject",
  ListParts: "ListMultipartUploadParts",
  ListObjectsV2: "ListBucket",
  HeadBucket: "ListBucket",
};

/**
 * Requests signed by these identities' keys are held to their statements. Every other request is
 * the owner's, who may do everything.
 */
export function s3Gate(identities: ReadonlyMap<string, Identity>): S3Gate {
  const identityOf = ({ message }: S3Request) =>
    identities.get(signedOf(message)?.accessKeyId ?? "");
  return {
    admit(request, operation) {
      const identity = identityOf(request);
      if (identity === undefined) return;
      if (!isSignedBy(request.message, signedOf(request.message)!, identity.secretAccessKey))
        throw new S3Error(
          403,
          "SignatureDoesNotMatch",
          "The request signature we calculated does not match the signature you provided. " +
            "Check your key and signing method.",
        );
      // Whoever names many keys in a body needs leave for each, and is told of each.
      if (operation === "DeleteObjects") return;
      demand(identity, request, actions[operation] ?? operation);
      if (operation === "CopyObject") demandSource(identity, request);
    },
    admitRemoval(request, key) {
      const identity = identityOf(request);
      if (identity !== undefined) demand(identity, { ...request, key }, "DeleteObject");
    },
    errorFor(error, request) {
      const identity = identityOf(request);
      if (identity === undefined || error.code !== "NoSuchKey") return error;
      const { bucket, key } = request;
      // S3 asks for leave to list the bucket, with the key in the place of the prefix.
      const action = "s3:ListBucket";
      const resource = `arn:aws:s3:::${bucket}`;
      const wanted = { action, resource, context: { "s3:prefix": key } };
      return isAllowed(identity.statements, wanted) ? error : denied(identity, action, resource);
    },
  };
}

function demand(
  identity: Identity,
  { bucket, key, query }: Pick<S3Request, "bucket" | "key" | "query">,
  name: string,
): void {
  const action = `s3:${name}`;
  const resource = `arn:aws:s3:::${bucket}${key === "" ? "" : `/${key}`}`;
  const prefix = query.get("prefix");
  const context = name === "ListBucket" && prefix !== null ? { "s3:prefix": prefix } : {};
  if (!isAllowed(identity.statements, { action, resource, context }))
    throw denied(identity, action, resource);
}

function demandSource(identity: Identity, request: S3Request): void {
  const source = decodeURIComponent(request.header("x-amz-copy-source") ?? "").replace(/^\//, "");
  const resource = `arn:aws:s3:::${source.replace(/\?versionId=.*$/, "")}`;
  if (!isAllowed(identity.statements, { action: "s3:GetObject", resource }))
    throw denied(identity, "s3:GetObject", resource);
}

function denied({ arn }: Identity, action: string, resource: string): S3Error {
  return new S3Error(403, "AccessDenied", deniedMessage(arn, action, resource));
}

/** What a request says of who signed it and when. Signatures are checked by `s3Gate`. */
interface Signed {
  header(name: string): string | undefined;
}

const skewMsMax = 15 * 60_000;

/** S3 refuses a request whose date is further from its own clock than a quarter of an hour. */
export function checkNotSkewed(request: Signed, nowMs: number): void {
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(request.header("x-amz-date") ?? "");
  if (date === null) return;
  const [year, month, day, hour, minute, second] = date.slice(1).map(Number) as number[];
  const signedMs = Date.UTC(year!, month! - 1, day!, hour, minute, second);
  if (Math.abs(signedMs - nowMs) <= skewMsMax) return;
  throw new S3Error(
    403,
    "RequestTimeTooSkewed",
    "The difference between the request time and the current time is too large.",
  );
}

/** Counts requests by access key; each temporary one is good for so many. */
export function expiringKeys(): (request: Signed, requestsPerKey: number) => void {
  const used = new Map<string, number>();
  return (request, requestsPerKey) => {
    const key = /Credential=([^/]+)\//.exec(request.header("authorization") ?? "")?.[1];
    if (key?.startsWith("ASIA") !== true) return;
    const count = (used.get(key) ?? 0) + 1;
    used.set(key, count);
    if (count > requestsPerKey)
      throw new S3Error(400, "ExpiredToken", "The provided token has expired.");
  };
}
