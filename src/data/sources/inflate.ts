import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf, RunError } from "../../core/errors.ts";
import type { Source } from "./source.ts";

/** A source's bytes, unpacked where they are gzip by their first two bytes. */
export async function* inflated(source: Source): AsyncGenerator<Uint8Array> {
  const iterator = source.bytes()[Symbol.asyncIterator]();
  try {
    const head: Uint8Array[] = [];
    let headBytes = 0;
    while (headBytes < 2) {
      const next = await iterator.next();
      if (next.done === true) break;
      head.push(next.value);
      headBytes += next.value.length;
    }
    const start = head.length === 1 ? head[0]! : Buffer.concat(head);
    const whole = rejoined(start, iterator);
    if (start[0] === 0x1f && start[1] === 0x8b) yield* gunzipped(source.name, whole);
    else yield* whole;
  } finally {
    await iterator.return?.();
  }
}

async function* rejoined(
  start: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start;
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) return;
    yield next.value;
  }
}

async function* gunzipped(
  name: string,
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  // The callback is required; the same error reaches the reader below.
  pipeline(Readable.from(packed), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
  } catch (cause) {
    if (cause instanceof RunError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (!code.startsWith("Z_")) throw cause;
    const cut = code === "Z_BUF_ERROR";
    const what = cut ? "the gzip data end too early" : `damaged gzip data (${messageOf(cause)})`;
    throw new RunError(cut ? "truncated-gzip" : "bad-gzip", `${name}: ${what}`, {
      hint: "copy or download the file again; `gzip -t FILE` tells whether it is whole",
      cause,
    });
  } finally {
    gunzip.destroy();
  }
}
