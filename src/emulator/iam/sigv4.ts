import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { encoded, hmac, type Scope, scopeText, signingKey } from "../../wire/signing-key.ts";
import { type OldAddress, oldAddressOf } from "./sigv2.ts";

/** A request's signature of Signature Version 4, from its header or from its address. */
export interface Signed {
  readonly where: "header" | "query";
  readonly accessKeyId: string;
  readonly scope: Scope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** When: `20261130T075050Z`; empty where nothing says so. */
  readonly date: string;
  /** For how many seconds, as it is written in the address; null where it is in the header. */
  readonly expires: string | null;
  /** Of temporary keys. */
  readonly token: string | null;
}

/** How a request says who sent it. */
export type Authentication =
  | { readonly kind: "none" }
  | { readonly kind: "unsupported" }
  | { readonly kind: "both" }
  | { readonly kind: "old"; readonly address: OldAddress }
  | { readonly kind: "malformed"; readonly where: Signed["where"]; readonly what: string }
  | { readonly kind: "signed"; readonly signed: Signed };

const algorithm = "AWS4-HMAC-SHA256";

/*
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html and
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function authenticationOf({ url = "/", headers }: IncomingMessage): Authentication {
  const text = headers.authorization;
  const { query } = halves(url);
  const parameters = /(^|&)(X-Amz-|Signature=)/.test(query) ? new URLSearchParams(query) : null;
  const inQuery = parameters?.has("X-Amz-Algorithm") || parameters?.has("X-Amz-Signature");
  const address = parameters === null ? null : oldAddressOf(parameters);
  if (text !== undefined && (inQuery || address !== null)) return { kind: "both" };
  if (inQuery) return signedInQuery(parameters!);
  if (address !== null) return { kind: "old", address };
  if (text === undefined) return { kind: "none" };
  return text.startsWith(`${algorithm} `) ? signedInHeader(text, headers) : { kind: "unsupported" };
}

const headerParts = {
  Credential: /[ ,]Credential=([^,\s]+)/,
  SignedHeaders: /[ ,]SignedHeaders=([^,\s]+)/,
  Signature: /[ ,]Signature=([^,\s]+)/,
};

function signedInHeader(text: string, headers: IncomingMessage["headers"]): Authentication {
  const part = (name: keyof typeof headerParts) => headerParts[name].exec(text)?.[1];
  const date = headers["x-amz-date"] ?? basicDate(headers.date);
  return signedBy("header", {
    credential: part("Credential"),
    signedHeaders: part("SignedHeaders"),
    signature: part("Signature"),
    date: String(date),
    expires: null,
    token: headers["x-amz-security-token"],
  });
}

function signedInQuery(parameters: URLSearchParams): Authentication {
  const of = (name: string) => parameters.get(`X-Amz-${name}`) ?? undefined;
  if (of("Algorithm") !== algorithm) return { kind: "unsupported" };
  const missing = ["Credential", "Signature", "Date", "SignedHeaders", "Expires"].find(
    (name) => of(name) === undefined,
  );
  if (missing !== undefined)
    return { kind: "malformed", where: "query", what: `X-Amz-${missing} is missing` };
  return signedBy("query", {
    credential: of("Credential"),
    signedHeaders: of("SignedHeaders"),
    signature: of("Signature"),
    date: of("Date")!,
    expires: of("Expires")!,
    token: of("Security-Token"),
  });
}

interface SignatureParts {
  readonly credential: string | undefined;
  readonly signedHeaders: string | undefined;
  readonly signature: string | undefined;
  readonly date: string;
  readonly expires: string | null;
  readonly token: string | string[] | undefined;
}

function signedBy(where: Signed["where"], parts: SignatureParts): Authentication {
  const fields = (parts.credential ?? "").split("/");
  const [end, service, region, date] = fields.slice(-4).reverse();
  if (fields.length < 5 || parts.signedHeaders === undefined || parts.signature === undefined)
    return { kind: "malformed", where, what: "its credential, headers or signature is missing" };
  return {
    kind: "signed",
    signed: {
      ...{ where, accessKeyId: fields.slice(0, -4).join("/") },
      scope: { date: date!, region: region!, service: service!, end: end! },
      signedHeaders: parts.signedHeaders.split(";"),
      signature: parts.signature,
      ...{ date: parts.date, expires: parts.expires },
      token: parts.token === undefined ? null : String(parts.token),
    },
  };
}

/** When a request was signed, in milliseconds; null where its date is no date. */
export function signedAtMs({ date }: Pick<Signed, "date">): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as number[];
  return Date.UTC(year!, month! - 1, day!, hour, minute, second);
}

/** What a signature is made over. */
export interface Subject {
  /** Of the body, in hexadecimal, or what the request says in its place. */
  readonly payload: string;
  /** S3 signs a path as it is; every other service signs it encoded once more. */
  readonly path: "as-is" | "encoded";
}

/** What the server signs of a request: shown to clients whose signature differs. */
export interface Reckoned {
  readonly canonical: string;
  readonly toSign: string;
  readonly signature: string;
}

/** The signature that a request should have by this secret: method, path, query, headers, body. */
export function reckon(
  message: IncomingMessage,
  signed: Signed,
  secret: string,
  subject: Subject,
): Reckoned {
  const { method = "GET", url = "/", headers } = message;
  const { path, query } = halves(url);
  const names = signed.signedHeaders;
  let canonical = `${method}\n${subject.path === "as-is" ? sentPath(path) : encodedPath(path)}\n`;
  canonical += `${canonicalQuery(query)}\n`;
  for (const name of names) canonical += `${name}:${headerText(headers[name])}\n`;
  canonical += `\n${names.join(";")}\n${subject.payload}`;
  const digest = hash("sha256", canonical, "hex");
  const toSign = `${algorithm}\n${signed.date}\n${scopeText(signed.scope)}\n${digest}`;
  const key = signingKey(secret, signed.scope);
  return { canonical, toSign, signature: hmac(key, toSign).toString("hex") };
}

function headerText(value: string | string[] | undefined): string {
  const text = value === undefined ? "" : String(value).trim();
  return text.includes("  ") ? text.replace(/ +/g, " ") : text;
}

export function isSame(wanted: string, given: string): boolean {
  const [a, b] = [Buffer.from(wanted), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function halves(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf("?");
  if (mark < 0) return { path: url, query: "" };
  return { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** Clients differ in what they encode of a path before it is sent, not in what they sign of it. */
function sentPath(path: string): string {
  return path
    .split("/")
    .map((segment) => reencoded(segment))
    .join("/");
}

function encodedPath(path: string): string {
  return path
    .split("/")
    .map((segment) => encoded(segment))
    .join("/");
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  return query
    .split("&")
    .filter((pair) => pair !== "" && !pair.startsWith("X-Amz-Signature="))
    .map((pair) => {
      const equals = pair.indexOf("=");
      const [name, value] =
        equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [reencoded(name.replaceAll("+", " ")), reencoded(value.replaceAll("+", " "))] as const;
    })
    .sort(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

const order = (a: string, b: string) => (a < b ? -1 : Number(a > b));

function reencoded(text: string): string {
  try {
    return encoded(decodeURIComponent(text));
  } catch {
    // Not UTF-8: such an address is refused by whoever reads it.
    return text;
  }
}

/** A `Date` header in the form in which dates are signed; empty where there is none. */
function basicDate(date: string | undefined): string {
  const ms = Date.parse(date ?? "");
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
}
