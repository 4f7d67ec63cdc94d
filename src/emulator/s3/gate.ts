import type { BucketPolicy } from "../iam/bucket-policy.ts";
import { type ChunkSignatures, chunkSignatures } from "../iam/chunk-signatures.ts";
import { type Identities, type Identity, ownerArn } from "../iam/identity.ts";
import { type AccessRequest, decisionOf, deniedMessage, type Statement } from "../iam/policy.ts";
import type { S3Request } from "./request.ts";
import { accessDenied, S3Error, toS3Error } from "./s3-error.ts";
import { signatureOf, signerOf } from "./signature.ts";

/** An operation, and the action of IAM's that it takes, where that has another name. */
interface Admitted {
  readonly name: string;
  readonly action?: string;
  readonly method: string;
}

/** What whoever sent a request may do. */
export interface S3Access {
  /** Which of several users has signed; undefined where there is one. */
  readonly account: string | undefined;
  /** ARNs of all who have keys; undefined where nobody is asked who he is. */
  readonly principals: (() => readonly string[]) | undefined;
  /** Throws `S3Error` as S3 does. */
  admit(operation: Admitted): void;
  /** The same for one key of many that a body names, perhaps with the ETag that it must have. */
  admitRemoval(key: string, etag: string | undefined): void;
  /** Of a body that is signed piece by piece; undefined where nobody is asked who he is. */
  chunks(): ChunkSignatures | undefined;
  /** The error to answer with: 403 instead of 404 to whoever may not list. */
  errorFor(error: S3Error): S3Error;
}

/** The policy of a bucket that has one. */
type PolicyOf = (bucket: string) => BucketPolicy | null;

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
  policyOf: PolicyOf,
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
      const principals = () => [...identities.values()].map(({ arn }) => arn);
      const { account } = identity;
      return { ...accessOf(signer(identity, policyOf), request), account, principals, chunks };
    },
  };
}

const anyone: S3Access = {
  account: undefined,
  principals: undefined,
  admit() {},
  admitRemoval() {},
  chunks: () => undefined,
  errorFor: (error) => error,
};

/** Somebody who may do what his own policies and those of a bucket come to. */
interface Signer {
  /** Throws `S3Error` where an action is not allowed. */
  demand(bucket: string, wanted: AccessRequest): void;
}

/** Operations that nobody can lock the owner of a home out of, as an account's root user in AWS. */
const ownPolicy = /^s3:(Get|Put|Delete)BucketPolicy$/;

function signer({ arn, statements }: Identity, policyOf: PolicyOf): Signer {
  const context = { "aws:SecureTransport": "false", "aws:PrincipalArn": principalOf(arn) };
  const decide = (bucket: string, wanted: AccessRequest) => {
    const isExempt = arn === ownerArn && ownPolicy.test(wanted.action);
    const resource: readonly Statement[] =
      bucket === "" || isExempt ? [] : (policyOf(bucket)?.statementsFor(arn) ?? []);
    const whole = { ...wanted, context: { ...context, ...wanted.context } };
    return decisionOf({ identity: statements, resource }, whole);
  };
  return {
    demand(bucket, wanted) {
      const decision = decide(bucket, wanted);
      if (decision !== "allowed")
        throw accessDenied(deniedMessage(arn, wanted.action, wanted.resource, decision));
    },
  };
}

/** Of a role's session the role, as `aws:PrincipalArn` has it. */
function principalOf(arn: string): string {
  return arn.replace(/^arn:aws:sts::(\d+):assumed-role\/([^/]+)\/.*$/, "arn:aws:iam::$1:role/$2");
}

function accessOf(
  who: Signer,
  request: S3Request,
): Omit<S3Access, "account" | "principals" | "chunks"> {
  return {
    admit({ name, action = name, method }) {
      // Whoever names many keys in a body needs leave for each, and is told of each.
      if (name === "DeleteObjects") return;
      demand(who, request, action);
      // What tells of an object's ETag lets its reader know something of it.
      if (method !== "GET" && method !== "HEAD" && request.header("if-match") !== undefined)
        demand(who, request, "GetObject");
      if (request.header("x-amz-tagging") !== undefined) demand(who, request, "PutObjectTagging");
      const source = request.header("x-amz-copy-source");
      if (source !== undefined) demandSource(who, source);
    },
    admitRemoval(key, etag) {
      demand(who, { ...request, key }, "DeleteObject");
      if (etag !== undefined) demand(who, { ...request, key }, "GetObject");
    },
    errorFor(error) {
      if (error.code !== "NoSuchKey") return error;
      const { bucket, key } = request;
      // S3 asks for leave to list the bucket, with the key in the place of the prefix.
      const wanted = {
        ...{ action: "s3:ListBucket", resource: `arn:aws:s3:::${bucket}` },
        context: { "s3:prefix": key },
      };
      try {
        who.demand(bucket, wanted);
        return error;
      } catch (thrown) {
        return toS3Error(thrown);
      }
    },
  };
}

function demand(
  who: Signer,
  { bucket, key, query }: Pick<S3Request, "bucket" | "key" | "query">,
  name: string,
): void {
  const action = `s3:${name}`;
  const ofService = name === "ListAllMyBuckets";
  const resource = ofService ? "*" : `arn:aws:s3:::${bucket}${key === "" ? "" : `/${key}`}`;
  const prefix = query.get("prefix");
  const context = name === "ListBucket" && prefix !== null ? { "s3:prefix": prefix } : {};
  who.demand(bucket, { action, resource, context });
}

function demandSource(who: Signer, header: string): void {
  let source = header.replace(/\?versionId=.*$/, "");
  try {
    source = decodeURIComponent(source);
  } catch {
    // The copy itself refuses what is badly encoded.
  }
  source = source.replace(/^\//, "");
  const [bucket = ""] = source.split("/");
  who.demand(bucket, { action: "s3:GetObject", resource: `arn:aws:s3:::${source}` });
}

/** A temporary key is good for so many requests. */
function spend(used: Map<string, number>, key: string, requestsMax: number | undefined): void {
  const count = (used.get(key) ?? 0) + 1;
  used.set(key, count);
  if (count > (requestsMax ?? Number.POSITIVE_INFINITY))
    throw new S3Error(400, "ExpiredToken", "The provided token has expired.");
}
