import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { connectPlain, type PlainConnection, wholeBody } from "../wire/plain-http.ts";
import { encoded, hmac, scopeText, signingKey } from "../wire/signing-key.ts";
import { checkKey } from "./keys.ts";

/** Reads whole objects; undefined where the SDK is to be asked instead. */
export type ReadObject = (key: string) => Promise<Uint8Array | null | undefined>;

/** What of an object's request there is, and where it goes. */
export interface ObjectRequest {
  readonly origin: URL;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads from a bucket on this machine, without the SDK: loading that, and its first request, take
 * longer than all else of a cold start. Whatever is not an object or its absence, a refusal, a
 * fault, a broken connection, is left to the SDK, which tries again and says what it was. Null
 * where the bucket is elsewhere.
 */
export function localReads(bucket: string, environment: Environment): ReadObject | null {
  const requestOf = objectRequests(bucket, environment);
  if (requestOf === null) return null;
  const idle: PlainConnection[] = [];
  let isRefused = false;
  const connectionTo = ({ hostname, port }: URL): PlainConnection => {
    for (let next = idle.pop(); next !== undefined; next = idle.pop()) if (next.usable) return next;
    return connectPlain(hostname.replace(/^\[|\]$/g, ""), Number(port || 80));
  };
  /** How far the server's clock is ahead, once it has refused a request for its date. */
  let aheadMs = 0;
  const ask = async (key: string) => {
    const { origin, path, headers } = requestOf(key, new Date(Date.now() + aheadMs));
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const connection = connectionTo(origin);
    connection.hold(true);
    const reply = await connection.request(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    connection.hold(false);
    if (connection.usable) idle.push(connection);
    return reply;
  };
  return async (key) => {
    checkKey(key);
    if (isRefused) return undefined;
    try {
      let reply = await ask(key);
      if (reply.status === 403 && isSkewed(wholeBody(reply)) && aheadMs === 0) {
        aheadMs = Date.parse(reply.headers.date ?? "") - Date.now() || 0;
        reply = await ask(key);
      }
      isRefused = reply.status === 403;
      const body = wholeBody(reply) as Buffer<ArrayBuffer>;
      if (reply.status === 404) return body.includes("<Code>NoSuchKey</Code>") ? null : undefined;
      return reply.status === 200 && isSound(body, reply.headers) ? plain(body) : undefined;
    } catch {
      // Who asks next hears of it, or of what has come of it.
      return undefined;
    }
  };
}

function isSkewed(body: Uint8Array): boolean {
  return Buffer.from(body).includes("<Code>RequestTimeTooSkewed</Code>");
}

/** As views with a slice of their own; small buffers lie somewhere in a shared one. */
function plain(body: Buffer<ArrayBuffer>): Uint8Array {
  return body.byteOffset === 0 ? new Uint8Array(body.buffer, 0, body.length) : new Uint8Array(body);
}

function isSound(body: Uint8Array, { "x-amz-checksum-crc32": told }: Environment): boolean {
  // Of an object in parts it is one of their checksums.
  if (told === undefined || told.includes("-")) return true;
  return Buffer.from(told, "base64").readUInt32BE() === crc32(body);
}

const algorithm = "AWS4-HMAC-SHA256";
const local = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?\/?$/i;

/** Requests for objects, signed by the environment's keys; null where they go elsewhere. */
export function objectRequests(
  bucket: string,
  environment: Environment,
): ((key: string, now: Date) => ObjectRequest) | null {
  const { AWS_ENDPOINT_URL_S3: endpoint = "", AWS_REGION: region = "" } = environment;
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = environment;
  const { AWS_SESSION_TOKEN: token } = environment;
  if (!local.test(endpoint) || region === "" || id === undefined || secret === undefined)
    return null;
  const origin = new URL(endpoint);
  return (key, now) => {
    const payload = hash("sha256", "", "hex");
    const path = `/${bucket}/${key.split("/").map(encoded).join("/")}`;
    const date = now.toISOString().replace(/[-:]|\.\d+/g, "");
    const scope = { date: date.slice(0, 8), region, service: "s3", end: "aws4_request" };
    const signed = {
      host: origin.host,
      "x-amz-checksum-mode": "ENABLED",
      "x-amz-content-sha256": payload,
      "x-amz-date": date,
      ...(token === undefined ? {} : { "x-amz-security-token": token }),
    };
    const names = Object.keys(signed).join(";");
    const told = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`);
    const canonical = `GET\n${path}\n\n${told.join("")}\n${names}\n${payload}`;
    const whose = scopeText(scope);
    const toSign = `${algorithm}\n${date}\n${whose}\n${hash("sha256", canonical, "hex")}`;
    const signature = hmac(signingKey(secret, scope), toSign).toString("hex");
    const parts = `SignedHeaders=${names}, Signature=${signature}`;
    const authorization = `${algorithm} Credential=${id}/${whose}, ${parts}`;
    return { origin, path, headers: { ...signed, authorization } };
  };
}
