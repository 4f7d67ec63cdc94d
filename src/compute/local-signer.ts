import { hash } from "node:crypto";
import type { LambdaClientConfig } from "@aws-sdk/client-lambda";
import { encoded, hmac, scopeText, signingKey } from "../wire/signing-key.ts";

type Signer = Exclude<NonNullable<LambdaClientConfig["signer"]>, (...all: never) => unknown>;
type Request = Parameters<Signer["sign"]>[0];

/** What a client knows of who calls, and where. */
export interface ClientIdentity {
  /** The keys as they are at the moment: they may be temporary. */
  credentials(): Promise<{
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  }>;
  region(): Promise<string>;
}

/**
 * Signature Version 4 to the byte as the SDK writes it, for requests whose body is bytes or text.
 * On this machine the SDK's signer takes longer than the rest of its work for a small request: it
 * makes a hash object for each of the keys and digests, and orders the headers twice.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function localSigner(callerOf: () => ClientIdentity): Signer {
  return {
    async sign(request, { signingDate, signingRegion, signingService = "lambda" } = {}) {
      const caller = callerOf();
      const keys = await caller.credentials();
      const region = signingRegion ?? (await caller.region());
      const date = basicDate(signingDate);
      const day = date.slice(0, 8);
      const scope = { date: day, region, service: signingService, end: "aws4_request" };
      const { headers } = request;
      const payload = hash("sha256", bodyOf(request), "hex");
      headers["x-amz-date"] = date;
      headers["x-amz-content-sha256"] = payload;
      if (keys.sessionToken !== undefined) headers["x-amz-security-token"] = keys.sessionToken;
      const names = Object.keys(headers).filter(isSigned).sort();
      let canonical = `${request.method}\n${encodedPath(request.path)}\n${queryOf(request)}\n`;
      for (const name of names) canonical += `${name}:${headerText(headers[name]!)}\n`;
      const signed = names.join(";");
      canonical += `\n${signed}\n${payload}`;
      const whose = scopeText(scope);
      const toSign = `${algorithm}\n${date}\n${whose}\n${hash("sha256", canonical, "hex")}`;
      const key = signingKey(keys.secretAccessKey, scope);
      const signature = hmac(key, toSign).toString("hex");
      const parts = `SignedHeaders=${signed}, Signature=${signature}`;
      headers.authorization = `${algorithm} Credential=${keys.accessKeyId}/${whose}, ${parts}`;
      return request;
    },
  };
}

const algorithm = "AWS4-HMAC-SHA256";

function basicDate(date: Date | string | number = Date.now()): string {
  return new Date(date).toISOString().replace(/[-:]|\.\d+/g, "");
}

function bodyOf({ body }: Request): string | Uint8Array {
  if (body === undefined || body === null) return "";
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  throw new TypeError("a request to an endpoint on this machine has a body of bytes or text");
}

/** What proxies add or change on the way, and what says the signature itself. */
const unsigned = new Set(
  "authorization cache-control connection expect from keep-alive max-forwards pragma referer te"
    .concat(" trailer transfer-encoding upgrade user-agent x-amzn-trace-id")
    .split(" "),
);

function isSigned(name: string): boolean {
  return !unsigned.has(name) && !name.startsWith("proxy-") && !name.startsWith("sec-");
}

function headerText(value: string): string {
  const text = value.trim();
  return text.includes("  ") ? text.replace(/ +/g, " ") : text;
}

/** The path is encoded already; it is signed encoded once more. */
function encodedPath(path: string): string {
  return path.split("/").map(encoded).join("/");
}

function queryOf({ query = {} }: Request): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? ""]).map((one) => [encoded(name), encoded(one)]),
  );
  return pairs
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join("&");
}
