import type { Source } from "../sources/source.ts";
import { FlatTable } from "./flat-buffer.ts";

/** A message of Arrow's format between processes, which its files hold as well. */
export interface ArrowMessage {
  readonly kind: "schema" | "dictionary" | "batch" | "other";
  readonly header: FlatTable;
  /** The bytes that its buffers lie in. */
  readonly body: Uint8Array;
}

const magic = "ARROW1";
const headers = ["other", "schema", "dictionary", "batch"] as const;
const blockBytes = 24;
const metadataBytesMax = 64 * 1024 * 1024;

/**
 * The messages of a stream in order, or those of a file as its footer lists them; the schema first.
 * Throws `Error` where bytes are not what the format says.
 */
export async function* arrowMessages(source: Source): AsyncGenerator<ArrowMessage> {
  const text = async (from: number) =>
    Buffer.from(await within(source, from, magic.length)).toString("latin1");
  const isFile = source.sizeBytes > 2 * magic.length && (await text(0)) === magic;
  if (!isFile) yield* ofStream(source);
  else if ((await text(source.sizeBytes - magic.length)) === magic) yield* ofFile(source);
  else throw new Error("its end is not there");
}

async function* ofFile(source: Source): AsyncGenerator<ArrowMessage> {
  const lengthAt = source.sizeBytes - magic.length - 4;
  const length = wordIn(await within(source, lengthAt, 4));
  if (length > metadataBytesMax) throw new Error(`a footer of ${length} bytes`);
  const footer = FlatTable.root(await within(source, lengthAt - length, length));
  const schema = footer.table(1);
  if (schema === null) throw new Error("it has no schema");
  yield { kind: "schema", header: schema, body: new Uint8Array(0) };
  for (const list of [2, 3])
    for (const [at] of footer.structs(list, blockBytes, [[0, 8]]))
      yield (await messageAt(source, at!)).message;
}

async function* ofStream(source: Source): AsyncGenerator<ArrowMessage> {
  for (let at = 0; at < source.sizeBytes; ) {
    const word = wordIn(await within(source, at, 4));
    const length = word === 0xffffffff ? wordIn(await within(source, at + 4, 4)) : word;
    if (length === 0) return;
    const { message, end } = await messageAt(source, at);
    yield message;
    at = end;
  }
}

async function messageAt(source: Source, at: number) {
  const word = wordIn(await within(source, at, 4));
  // Before version 0.15 a message began with its length alone.
  const start = word === 0xffffffff ? at + 8 : at + 4;
  const length = word === 0xffffffff ? wordIn(await within(source, at + 4, 4)) : word;
  if (length > metadataBytesMax) throw new Error(`a message of ${length} bytes`);
  const root = FlatTable.root(await within(source, start, length));
  const header = root.table(2);
  if (header === null) throw new Error("a message that says nothing");
  const bodyBytes = root.long(3);
  const body = await within(source, start + length, bodyBytes);
  const kind = headers[root.byte(1)] ?? "other";
  return {
    message: { kind, header, body } satisfies ArrowMessage,
    end: start + length + bodyBytes,
  };
}

async function within(source: Source, from: number, length: number): Promise<Uint8Array> {
  if (!(from >= 0 && length >= 0 && from + length <= source.sizeBytes))
    throw new Error(`bytes ${from} to ${from + length} of ${source.sizeBytes} are not there`);
  return source.range(from, from + length);
}

function wordIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}
