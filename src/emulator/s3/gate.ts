import { type ChunkSignatures, chunkSignatures } from "../iam/chunk-signatures.ts";
import type { Identities, Identity } from "../iam/identity.ts";
import { deniedMessage, isAllowed } from "../iam/policy.ts";
import type { S3Request } from "./request.ts";
import { accessDenied, S3Error } from "./s3-error.ts";
import { signatureOf, signerOf } from "./signature.ts";

/** An operation, and the action of IAM's that it takes, where that has another name. */
interface Admitted {
  readonly name: string;
  readonly action?: string;
  readonly method: string;
}

/** What whoever sent a request may do. */
export interface S3Access {
  /** Throws `S3Error` as S3 does. */
  admit(operation: Admitted): void;
  /** The same for one key of many that a body names, perhaps with the ETag that it must have. */
  admitRemoval(key: string, etag: string | undefined): void;
  /** Of a body that is signed piece by piece; undefined where nobody is asked who he is. */
  chunks(): ChunkSignatures | undefined;
  /** The error to answer with: 403 instead of 404 to whoever may not list. */
  errorFor(error: S3Error): S3Error;
}

export interface S3Gate {
  /** Who sent a request. Throws `S3Error` for a stranger, and where the signature is wrong. */
  open(request: S3Request, nowMs: number): S3Access;
}

/**
 * Every request is its signer's, who is held to statements. Without identities nobody is asked who
 * he is; what is signed must still be well-formed and in its time.
 */
export function s3Gate(
  identities: Identities | undefined,
  requestsPerKey: () => number | undefined,
): S3Gate {
  const used = new Map<string, number>();
  return {
    open(request, nowMs) {
      const signature = signatureOf(request, nowMs);
      if (identities === undefined) return anyone;
      const identity = signerOf(request, signature, identities);
      // Addresses of the older kind name no chunks.
      const signed = signature?.kind === "signed" ? signature.signed : undefined;
      if (identity.sessionToken !== undefined && signed !== undefined)
        spend(used, signed.accessKeyId, requestsPerKey());
      const chunks = () => signed && chunkSignatures(signed, identity.secretAccessKey);
      return accessOf(identity, request, chunks);
    },
  };
}

const anyone: S3Access = {
  admit() {},
  admitRemoval() {},
  chunks: () => undefined,
  errorFor: (error) => error,
};

function accessOf(identity: Identity, request: S3Request, chunks: S3Access["chunks"]): S3Access {
  return {
    chunks,
    admit({ name, action = name, method }) {
      // Whoever names many keys in a body needs leave for each, and is told of each.
      if (name === "DeleteObjects") return;
      demand(identity, request, action);
      // What tells of an object's ETag lets its reader know something of it.
      if (method !== "GET" && method !== "HEAD" && request.header("if-match") !== undefined)
        demand(identity, request, "GetObject");
      if (request.header("x-amz-tagging") !== undefined)
        demand(identity, request, "PutObjectTagging");
      const source = request.header("x-amz-copy-source");
      if (source !== undefined) demandSource(identity, source);
    },
    admitRemoval(key, etag) {
      demand(identity, { ...request, key }, "DeleteObject");
      if (etag !== undefined) demand(identity, { ...request, key }, "GetObject");
    },
    errorFor(error) {
      if (error.code !== "NoSuchKey") return error;
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
  const ofService = name === "ListAllMyBuckets";
  const resource = ofService ? "*" : `arn:aws:s3:::${bucket}${key === "" ? "" : `/${key}`}`;
  const prefix = query.get("prefix");
  const context = name === "ListBucket" && prefix !== null ? { "s3:prefix": prefix } : {};
  if (!isAllowed(identity.statements, { action, resource, context }))
    throw denied(identity, action, resource);
}

function demandSource(identity: Identity, header: string): void {
  let source = header.replace(/\?versionId=.*$/, "");
  try {
    source = decodeURIComponent(source);
  } catch {
    // The copy itself refuses what is badly encoded.
  }
  const resource = `arn:aws:s3:::${source.replace(/^\//, "")}`;
  if (!isAllowed(identity.statements, { action: "s3:GetObject", resource }))
    throw denied(identity, "s3:GetObject", resource);
}

function denied({ arn }: Identity, action: string, resource: string): S3Error {
  return accessDenied(deniedMessage(arn, action, resource));
}

/** A temporary key is good for so many requests. */
function spend(used: Map<string, number>, key: string, requestsMax: number | undefined): void {
  const count = (used.get(key) ?? 0) + 1;
  used.set(key, count);
  if (count > (requestsMax ?? Number.POSITIVE_INFINITY))
    throw new S3Error(400, "ExpiredToken", "The provided token has expired.");
}
