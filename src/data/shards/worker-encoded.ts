import { randomFrom } from "../../core/random.ts";
import type { Encoding } from "../../encoding/encoding.ts";
import { allocateDenseRows } from "../../math/kernels/allocation.ts";
import type { Examples } from "../../math/rows.ts";
import type { Store } from "../../ports/store.ts";
import { Mixer, streamOf } from "../encode/encode-rows.ts";
import type { RowShare } from "../encode/worker-encoding.ts";
import type { Encoded, StoredPart } from "../manifests.ts";
import { type ChunkPiece, denseChunks } from "../parts/chunks.ts";
import { groupedByWeight } from "../parts/grouped-rows.ts";
import { partReader, readExamples } from "../parts/load-parts.ts";
import { scaledPieces } from "../parts/scaled-rows.ts";
import { copiedRows, unformedRows } from "./worker-encoded-sparse.ts";

/** What one slot works on: its stored rows, read, or formed here of the data rows they mix. */
export async function readWorkerEncodedShard(
  store: Store,
  encoded: Encoded,
  slot: number,
  encodingOf: (chosen: Encoded["encoding"]) => Encoding,
): Promise<Examples> {
  const { slots, columns, raw, workers } = encoded;
  const own = slots[slot]!;
  if (raw === undefined || own.raw === undefined) return readExamples(store, own.parts, columns);
  const encoding = encodingOf(encoded.encoding);
  const random = randomFrom(encoded.seed).fork("encode");
  const share: RowShare = {
    encoded,
    chunkRows: encoding.chunkRows(workers),
    code(index, rows) {
      const code = encoding.chunk(index, rows, workers, streamOf(random, index));
      return { code, own: [...code.slots.keys()].filter((j) => code.slots[j] === slot) };
    },
  };
  const stored = partReader(store, raw.parts, columns, own.raw.parts);
  const pieces = raw.scaled === true ? scaledPieces(stored) : stored;
  if (!raw.sparse) return groupedByWeight(await denseRows(pieces, share, own.rows));
  if (encoding.mixes) return unformedRows(pieces, share);
  return groupedByWeight(await copiedRows(pieces, share));
}

/** The same stored rows, to the last bit, as the encoder would have written. */
async function denseRows(
  pieces: AsyncIterable<ChunkPiece>,
  { encoded, chunkRows, code: codeOf }: RowShare,
  rows: number,
): Promise<Examples> {
  const { columns } = encoded;
  const formed = allocateDenseRows(rows, columns);
  const { values } = formed;
  const targets = new Float32Array(rows);
  const counts = new Float32Array(rows).fill(1);
  const mixer = new Mixer(columns + 1);
  let isWeighted = false;
  let used = 0;
  let index = 0;
  for await (const chunk of denseChunks(pieces, encoded, chunkRows)) {
    const { code, own } = codeOf(index++, chunk.rows);
    if (own.length === 0) continue;
    const block = code.kind === "mixtures" ? mixer.mix(code, chunk) : chunk;
    for (const stored of own) {
      const row = code.kind === "mixtures" ? stored : code.source[stored]!;
      const from = row * block.width;
      values.set(block.values.subarray(from, from + columns), used * columns);
      targets[used] = block.values[from + columns]!;
      const weights = code.kind === "copies" ? code.weights : undefined;
      if (weights !== undefined || block.weights !== undefined) {
        isWeighted = true;
        counts[used] = (weights?.[stored] ?? 1) * (block.weights?.[row] ?? 1);
      }
      used++;
    }
  }
  const examples = { rows: formed, targets };
  return isWeighted ? { ...examples, weights: counts } : examples;
}

/** The rows of one stored part, whichever data it is of. */
export function readStoredPart(store: Store, part: StoredPart, columns: number): Promise<Examples> {
  return readExamples(store, [part], columns);
}
