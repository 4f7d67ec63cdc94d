import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RunError } from "../../../core/errors.ts";

const redirectsMax = 5;
/** Requests that fail, or bodies that break, one after another. */
export const triesMax = 5;
const retryAfterMsMax = 30_000;
/** A server that sends nothing for so long is taken for gone. */
const silenceMs = 60_000;

/** Who asks, for one server alone. */
export interface ServerAccess {
  readonly origin: string;
  readonly token: string | undefined;
  /** What to do where the server refuses it. */
  readonly hint: string;
}

/** An answer whose body was not read yet. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** At most `bytesMax`: more is an error. Breaks where the connection does. */
  body(bytesMax: number): AsyncGenerator<Uint8Array>;
  cancel(): Promise<void>;
}

/**
 * Gets an address, redirects followed, again where a server is busy or nobody answers. Throws
 * `RunError` for an answer that is no success.
 */
export async function get(
  address: string,
  headers: Readonly<Record<string, string>> = {},
  access?: ServerAccess,
): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const found = await once(address, headers, access);
    if (!(found instanceof Busy)) return found;
    if (tries === triesMax) throw unreadable(address, found.why, "try again later");
    await sleep(found.waitMs ?? 250 * 2 ** tries);
  }
}

/** Refuses addresses that anybody on the way may read or change. */
export function checkAddress(address: string, from?: string): URL {
  const url = URL.canParse(address, from) ? new URL(address, from) : null;
  const isNear = url !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isNear)) return url;
  const what = from === undefined ? address : `${plainAddress(from)} leads to ${address}`;
  throw new RunError("bad-address", `${what}: expected an address that begins with https://`, {
    hint: "download the file, or find an https address of it",
  });
}

/** An address without what may be a secret: what comes after a question mark, and a password. */
export function plainAddress(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}

export function unreadable(address: string, what: string, hint: string): RunError {
  return new RunError("unreadable-address", `${plainAddress(address)}: ${what}`, { hint });
}

/** Another version than the one that was begun with. */
export function changedFile(address: string, what: string): RunError {
  return new RunError("changed-file", `${plainAddress(address)}: ${what}`, {
    hint: "begin again, or download the file and name that",
  });
}

/** A redirect may lead to any other server: that one is told nothing. */
function authorization(url: URL, access: ServerAccess | undefined): Record<string, string> {
  if (access?.token === undefined || url.origin !== access.origin) return {};
  return { authorization: `Bearer ${access.token}` };
}

class Busy {
  readonly why: string;
  readonly waitMs: number | undefined;

  constructor(why: string, waitMs?: number) {
    this.why = why;
    this.waitMs = waitMs;
  }
}

async function once(
  address: string,
  headers: Readonly<Record<string, string>>,
  access: ServerAccess | undefined,
): Promise<Answer | Busy> {
  let url = checkAddress(address);
  for (let redirects = 0; ; redirects++) {
    const stop = new AbortController();
    const silence = watch(stop);
    // Packed on the way, a range would be one of packed bytes.
    const asked = { "accept-encoding": "identity", ...headers, ...authorization(url, access) };
    let response: Response;
    try {
      response = await fetch(url, { headers: asked, redirect: "manual", signal: stop.signal });
    } catch (thrown) {
      const reason = reasonOf(thrown);
      if (/ENOTFOUND|ECONNREFUSED|CERT/.test(reason))
        throw unreadable(address, `no answer: ${reason}`, "check the address");
      return new Busy(`no answer: ${reason}`);
    } finally {
      silence.end();
    }
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null)
      return answerOf(address, response, stop, access?.hint);
    await response.body?.cancel();
    if (redirects === redirectsMax)
      throw unreadable(address, `more than ${redirectsMax} redirects`, "name where they lead to");
    url = checkAddress(location, url.href);
  }
}

async function answerOf(
  address: string,
  response: Response,
  stop: AbortController,
  hint = "download it, or use S3",
): Promise<Answer | Busy> {
  const { status, headers, body } = response;
  const cancel = async () => void (await body?.cancel());
  const packed = headers.get("content-encoding") ?? "identity";
  if (status >= 200 && status < 300 && packed === "identity")
    return {
      status,
      headers,
      cancel,
      body: (bytesMax) => bounded(response, bytesMax, address, stop),
    };
  if (status === 416 || status === 412)
    return {
      status,
      headers,
      cancel,
      body: (bytesMax) => bounded(response, bytesMax, address, stop),
    };
  await cancel();
  if (status === 429 || status >= 500) return new Busy(`status ${status}`, retryAfterMs(headers));
  if (packed !== "identity")
    throw unreadable(address, `its bytes come packed (${packed}), unasked`, "download the file");
  if (status === 401 || status === 403)
    throw unreadable(address, `status ${status}: it is not for everybody`, hint);
  throw unreadable(address, `status ${status}`, "check the address");
}

function retryAfterMs(headers: Headers): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return seconds >= 0 ? Math.min(retryAfterMsMax, 1000 * seconds) : undefined;
}

async function* bounded(
  { body }: Response,
  bytesMax: number,
  address: string,
  stop: AbortController,
): AsyncGenerator<Uint8Array> {
  let come = 0;
  const silence = watch(stop);
  try {
    for await (const chunk of body ?? []) {
      come += chunk.length;
      if (come > bytesMax)
        throw unreadable(
          address,
          `more than the ${bytesMax} bytes that there may be`,
          "download it",
        );
      // Whoever takes it may take as long as it likes.
      silence.end();
      yield chunk;
      silence.again();
    }
  } finally {
    silence.end();
  }
}

/** Stops a request that nothing comes of any more. */
function watch(stop: AbortController) {
  const end = () => clearTimeout(timer);
  let timer = setTimeout(() => stop.abort(), silenceMs);
  return {
    end,
    again() {
      end();
      timer = setTimeout(() => stop.abort(), silenceMs);
    },
  };
}

/** What a failed fetch was caused by: its own message says nothing. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return messageOf(cause ?? thrown);
}
