import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What an Authorization header of Signature Version 4 says. */
export interface Signed {
  readonly accessKeyId: string;
  /** Date, region, service and `aws4_request`. */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const algorithm = "AWS4-HMAC-SHA256";

/** The header's parts; undefined where a request is not signed in this way. */
export function signedOf({ headers }: IncomingMessage): Signed | undefined {
  const text = headers.authorization ?? "";
  if (!text.startsWith(`${algorithm} `)) return undefined;
  const part = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(text)?.[1] ?? "";
  const [accessKeyId = "", ...scope] = part("Credential").split("/");
  const signedHeaders = part("SignedHeaders").split(";");
  return { accessKeyId, scope: scope.join("/"), signedHeaders, signature: part("Signature") };
}

/**
 * Whether a request was signed with this secret: method, path, query, signed headers and the hash
 * that the request says its body has. S3's rules: the path is signed as it was sent.
 */
export function isSignedBy(message: IncomingMessage, signed: Signed, secret: string): boolean {
  const wanted = Buffer.from(signatureOf(message, signed, secret));
  const signature = Buffer.from(signed.signature);
  return wanted.length === signature.length && timingSafeEqual(wanted, signature);
}

function signatureOf(message: IncomingMessage, signed: Signed, secret: string): string {
  const { method = "GET", url = "/", headers } = message;
  const mark = url.indexOf("?");
  const [path, query] = mark < 0 ? [url, ""] : [url.slice(0, mark), url.slice(mark + 1)];
  const headerOf = (name: string) =>
    String(headers[name] ?? "")
      .trim()
      .replace(/ +/g, " ");
  const canonical = [
    method,
    path,
    canonicalQuery(query),
    ...signed.signedHeaders.map((name) => `${name}:${headerOf(name)}`),
    "",
    signed.signedHeaders.join(";"),
    headerOf("x-amz-content-sha256"),
  ].join("\n");
  const digest = createHash("sha256").update(canonical).digest("hex");
  const toSign = [algorithm, headerOf("x-amz-date"), signed.scope, digest].join("\n");
  const hmac = (key: string | Buffer, text: string) =>
    createHmac("sha256", key).update(text).digest();
  const key = signed.scope.split("/").reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return hmac(key, toSign).toString("hex");
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  return query
    .split("&")
    .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
    .sort((a, b) => (a < b ? -1 : Number(a > b)))
    .join("&");
}
