import type { IncomingMessage } from "node:http";

const drainedBytesMax = 64 * 1024 * 1024;
/** Some clients send no body before they have been answered. */
const pauseMsMax = 250;

/**
 * A client that is still sending reads no refusal, and finds its connection closed instead: this
 * takes in its body, up to a bound and for as long as it comes.
 */
export async function drained(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const pause = setTimeout(resolve, pauseMsMax);
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    pause.refresh();
    if (bytes > drainedBytesMax) resolve();
  });
  for (const event of ["end", "close", "error"]) request.once(event, () => resolve());
  await promise;
  clearTimeout(pause);
}
