import { setTimeout as sleep } from "node:timers/promises";

const attemptsMax = 5;
const pauseMs = 20;

/**
 * Tries again where the connection breaks in the middle of a reply's body: the SDK does so only as
 * long as it has not handed the body over.
 */
export async function retryingReads<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (thrown) {
      if (attempt === attemptsMax || !isBrokenBody(thrown)) throw thrown;
      await sleep(Math.random() * pauseMs * 2 ** attempt);
    }
  }
}

export function isBrokenBody(thrown: unknown): boolean {
  const { code = "", message = "" } = (thrown ?? {}) as { code?: string; message?: string };
  return /^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/.test(code) || message === "aborted";
}
