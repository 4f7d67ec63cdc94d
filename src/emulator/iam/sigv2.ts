import { createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * An address that was presigned by Signature Version 2, as boto3, s3fs and AWS's command line do by
 * themselves: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html. Requests
 * that are signed so in a header are refused.
 */
export interface OldAddress {
  readonly accessKeyId: string;
  /** In seconds since 1970, as it is written. */
  readonly expires: string;
  readonly signature: string;
  readonly token: string | null;
}

export function oldAddressOf(query: URLSearchParams): OldAddress | null {
  const [accessKeyId, signature] = [query.get("AWSAccessKeyId"), query.get("Signature")];
  if (accessKeyId === null || signature === null) return null;
  const token = query.get("x-amz-security-token");
  return { accessKeyId, signature, expires: query.get("Expires") ?? "", token };
}

/** Parameters that belong to what is asked for. */
const subresources = new Set(
  (
    "acl cors delete lifecycle location logging notification partNumber policy requestPayment " +
    "restore tagging torrent uploadId uploads versionId versioning versions website " +
    "response-content-type response-content-language response-expires response-cache-control " +
    "response-content-disposition response-content-encoding"
  ).split(" "),
);

/** What is signed; `resource` is the path with the bucket in front, as it was sent. */
export function oldTextToSign(
  { method = "GET", headers }: IncomingMessage,
  { expires }: OldAddress,
  resource: string,
  query: URLSearchParams,
): string {
  const amz = Object.entries(headers)
    .filter(([name]) => name.startsWith("x-amz-"))
    .concat([...query].filter(([name]) => name.startsWith("x-amz-")))
    .map(([name, value]) => `${name}:${String(value).trim()}\n`)
    .sort();
  const named = [...query]
    .filter(([name]) => subresources.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  const search = named.length === 0 ? "" : `?${named.join("&")}`;
  const head = [method, headers["content-md5"] ?? "", headers["content-type"] ?? "", expires];
  return `${head.join("\n")}\n${amz.join("")}${resource}${search}`;
}

export function oldSignature(text: string, secret: string): string {
  return createHmac("sha1", secret).update(text).digest("base64");
}
