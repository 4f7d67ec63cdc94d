/** A refusal as S3 words it: an HTTP status, a code clients compare, and a message for people. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "S3Error";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const noSuchKey = () => new S3Error(404, "NoSuchKey", "The specified key does not exist.");

export const noSuchBucket = () =>
  new S3Error(404, "NoSuchBucket", "The specified bucket does not exist.");

export const noSuchUpload = () =>
  new S3Error(404, "NoSuchUpload", "The specified multipart upload does not exist.");

export const preconditionFailed = () =>
  new S3Error(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold.",
  );

export const invalidArgument = (message: string) => new S3Error(400, "InvalidArgument", message);

export const badDigest = (name: string) =>
  new S3Error(400, "BadDigest", `The ${name} you specified did not match what was received.`);

/** What to answer when handling a request threw `thrown`; faults of the disk get their name. */
export function toS3Error(thrown: unknown): S3Error {
  if (thrown instanceof S3Error) return thrown;
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG")
    return new S3Error(
      500,
      "InternalError",
      "The disk is full: free space under the emulator's root, then try again.",
      {},
      thrown,
    );
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new S3Error(
    500,
    "InternalError",
    `We encountered an internal error: ${message}`,
    {},
    thrown,
  );
}
