import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Why a request is refused, in words, with its status; null where it is answered. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const hosts = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Lets in only who knows the token, by a name of this machine: a web page elsewhere cannot know
 * the token, and one that gives this address a name of its own sends that name along.
 */
export function refusalOfRequest(
  { headers, method }: Pick<IncomingMessage, "headers" | "method">,
  token: { readonly expected: string; readonly given: string | null },
  port: number,
): Refusal | null {
  const own = hosts.map((host) => `${host}:${port}`);
  const { host, origin, "sec-fetch-site": site, "content-type": type } = headers;
  if (!own.includes(host ?? ""))
    return { status: 403, reason: "the request is for another host: ask for 127.0.0.1" };
  const origins = own.map((name) => `http://${name}`);
  if (origin !== undefined && !origins.includes(origin))
    return { status: 403, reason: "the request comes from a page of another origin" };
  if (token.given === null || !isSame(token.given, token.expected))
    return { status: 403, reason: "the token is missing or wrong: use the address as printed" };
  if (method === "GET") return null;
  if (method !== "POST") return { status: 405, reason: `${method}: expected GET or POST` };
  if (origin === undefined || (site !== undefined && site !== "same-origin"))
    return { status: 403, reason: "only the page itself may change a run" };
  if (!/^application\/json\b/i.test(type ?? ""))
    return { status: 415, reason: "the request is not JSON" };
  return null;
}

/** In a time that says nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(left!, right!);
}
