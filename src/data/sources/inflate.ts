import { pipeline, Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { messageOf, RunError } from "../../core/errors.ts";
import type { Source } from "./source.ts";

/** Bytes at the start that tell how the rest is packed. */
const magicBytes = 4;

/** A way of packing a file that is undone while it is read. */
interface Packing {
  readonly name: string;
  readonly magic: readonly number[];
  /** Tells whether a file is whole. */
  readonly test: string;
  open(): Transform;
}

const packings: readonly Packing[] = [
  {
    name: "gzip",
    magic: [0x1f, 0x8b],
    test: "gzip -t FILE",
    open: () => createGunzip({ chunkSize: 256 * 1024 }),
  },
  {
    name: "zstd",
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    test: "zstd -t FILE",
    open: () => createZstdDecompress({ chunkSize: 256 * 1024 }),
  },
];

/** A source's bytes, unpacked where they are gzip or zstd by their first bytes. */
export async function* inflated(source: Source): AsyncGenerator<Uint8Array> {
  const iterator = source.bytes()[Symbol.asyncIterator]();
  try {
    const head: Uint8Array[] = [];
    let headBytes = 0;
    while (headBytes < magicBytes) {
      const next = await iterator.next();
      if (next.done === true) break;
      head.push(next.value);
      headBytes += next.value.length;
    }
    const start = head.length === 1 ? head[0]! : Buffer.concat(head);
    const whole = rejoined(start, iterator);
    const packing = packingOf(start);
    if (packing === undefined) yield* whole;
    else yield* unpacked(source.name, whole, packing);
  } finally {
    await iterator.return?.();
  }
}

/** The first bytes of a source, unpacked; fewer where it has no more. */
export async function firstBytes(source: Source, bytes: number): Promise<Buffer> {
  const raw = Buffer.from(await source.range(0, Math.min(bytes, source.sizeBytes)));
  if (packingOf(raw) === undefined) return raw;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of inflated(source)) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

function packingOf(start: Uint8Array): Packing | undefined {
  return packings.find(({ magic }) => magic.every((byte, i) => start[i] === byte));
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

async function* unpacked(
  name: string,
  packed: AsyncIterable<Uint8Array>,
  packing: Packing,
): AsyncGenerator<Uint8Array> {
  const unpack = packing.open();
  // The callback is required; the same error reaches the reader below.
  pipeline(Readable.from(packed), unpack, () => undefined);
  try {
    for await (const chunk of unpack) yield chunk as Uint8Array;
  } catch (cause) {
    if (cause instanceof RunError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (!/^(Z_|ZSTD_)/.test(code)) throw cause;
    const isCut = code === "Z_BUF_ERROR" || code === "ZSTD_error_srcSize_wrong";
    const what = isCut
      ? `the ${packing.name} data end too early`
      : `damaged ${packing.name} data (${messageOf(cause)})`;
    throw new RunError(isCut ? "truncated-gzip" : "bad-gzip", `${name}: ${what}`, {
      hint: `copy or download the file again; \`${packing.test}\` tells whether it is whole`,
      cause,
    });
  } finally {
    unpack.destroy();
  }
}
