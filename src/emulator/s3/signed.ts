import { S3Error } from "./s3-error.ts";

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
