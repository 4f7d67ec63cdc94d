/** A refusal as S3 words it: an HTTP status, a code clients compare, and a message for people. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Elements of the answer besides code and message, such as `Key` or `Condition`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, more: S3ErrorMore = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "S3Error";
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.details = more.details ?? {};
  }
}

interface S3ErrorMore {
  readonly headers?: Readonly<Record<string, string>>;
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export const noSuchKey = (key: string) =>
  new S3Error(404, "NoSuchKey", "The specified key does not exist.", { details: { Key: key } });

export const noSuchBucket = (bucket: string) =>
  new S3Error(404, "NoSuchBucket", "The specified bucket does not exist.", {
    details: { BucketName: bucket },
  });

export const noSuchUpload = (id: string) =>
  new S3Error(404, "NoSuchUpload", "The specified multipart upload does not exist.", {
    details: { UploadId: id },
  });

/** `condition` is the header that did not hold. */
export const preconditionFailed = (condition: string) =>
  new S3Error(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold.",
    { details: { Condition: condition } },
  );

export const invalidArgument = (message: string, details: Readonly<Record<string, string>> = {}) =>
  new S3Error(400, "InvalidArgument", message, { details });

export const badDigest = (name: string) =>
  new S3Error(400, "BadDigest", `The ${name} you specified did not match what was received.`);

export const accessDenied = (message: string, details: Readonly<Record<string, string>> = {}) =>
  new S3Error(403, "AccessDenied", message, { details });

/** What S3 knows and this server does not: refused, so that nothing near it is done in silence. */
export const notImplemented = (what: string) =>
  new S3Error(501, "NotImplemented", `${what} is not implemented here.`);

/** What to answer when handling a request threw `thrown`; faults of the disk get their name. */
export function toS3Error(thrown: unknown): S3Error {
  if (thrown instanceof S3Error) return thrown;
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG")
    return new S3Error(
      500,
      "InternalError",
      "The disk is full: free space under the emulator's root, then try again.",
      { cause: thrown },
    );
  if (code === "EMFILE" || code === "ENFILE")
    return new S3Error(
      503,
      "SlowDown",
      "Too many files are open here: raise the limit (ulimit -n), or ask less at once.",
      { cause: thrown },
    );
  // Its folder was removed under it: to try again does not bring it back.
  if (code === "ENOENT")
    return new S3Error(404, "NoSuchBucket", "The specified bucket does not exist", {
      cause: thrown,
    });
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new S3Error(500, "InternalError", `We encountered an internal error: ${message}`, {
    cause: thrown,
  });
}
