import type { MixingCode } from "../../encoding/encoding.ts";
import { allocateSparseRows } from "../../math/kernels/allocation.ts";
import type { Examples, SparseRows } from "../../math/rows.ts";
import type { RowShare } from "../encode/worker-encoding.ts";
import { type ChunkPiece, sparseChunks } from "../parts/chunks.ts";
import { SparseBuffer } from "../parts/sparse-parts.ts";

/** A slot's copies of sparse rows, in the order in which the encoder would have written them. */
export async function copiedRows(
  pieces: AsyncIterable<ChunkPiece>,
  share: RowShare,
): Promise<Examples> {
  const { encoded, chunkRows, code: codeOf } = share;
  const held = new SparseBuffer();
  let index = 0;
  for await (const chunk of sparseChunks(pieces, encoded.rows, chunkRows)) {
    const { code, own } = codeOf(index++, chunk.rows);
    if (code.kind === "mixtures") continue;
    for (const stored of own) {
      const row = code.source[stored]!;
      held.add(chunk, row, chunk.targets[row]!);
      if (code.weights !== undefined || chunk.weights !== null)
        held.weigh((code.weights?.[stored] ?? 1) * (chunk.weights?.[row] ?? 1));
    }
  }
  const { weights } = held;
  const examples = { rows: rowsOf(held, encoded.columns), targets: targetsOf(held) };
  return weights === null ? examples : { ...examples, weights: weights.slice(0, held.rows) };
}

/**
 * A slot's mixtures of sparse rows, not formed: the data rows that they mix, S by its entries, and
 * the targets mixed. Chunk by chunk, as S is.
 */
export async function unformedRows(
  pieces: AsyncIterable<ChunkPiece>,
  share: RowShare,
): Promise<Examples> {
  const { encoded, chunkRows, code: codeOf } = share;
  const held = new SparseBuffer();
  const mixture = new MixtureBuilder();
  const targets: number[] = [];
  let index = 0;
  for await (const chunk of sparseChunks(pieces, encoded.rows, chunkRows)) {
    const { code, own } = codeOf(index++, chunk.rows);
    if (own.length === 0 || code.kind === "copies") continue;
    const s = entriesOf(code, own, chunk.rows);
    const place = new Int32Array(chunk.rows).fill(-1);
    for (let row = 0; row < chunk.rows; row++) {
      if (!own.some((_, i) => s[i * chunk.rows + row] !== 0)) continue;
      place[row] = held.rows;
      held.add(chunk, row, chunk.targets[row]!);
    }
    for (const i of own.keys()) {
      const row = s.subarray(i * chunk.rows, (i + 1) * chunk.rows);
      mixture.add(row, place);
    }
    const mixed = new Float32Array(code.slots.length);
    code.encode(chunk.targets.subarray(0, chunk.rows), 1, mixed);
    for (const stored of own) targets.push(mixed[stored]!);
  }
  return {
    rows: rowsOf(held, encoded.columns),
    targets: Float32Array.from(targets),
    mixture: mixture.built(),
  };
}

/** The slot's rows of S, row-major: what is stored for each unit vector. */
function entriesOf(code: MixingCode, own: readonly number[], rows: number): Float64Array {
  const identity = new Float64Array(rows * rows);
  for (let row = 0; row < rows; row++) identity[row * (rows + 1)] = 1;
  const all = new Float64Array(code.slots.length * rows);
  code.encode(identity, rows, all);
  const s = new Float64Array(own.length * rows);
  for (const [i, stored] of own.entries())
    s.set(all.subarray(stored * rows, (stored + 1) * rows), i * rows);
  return s;
}

class MixtureBuilder {
  private readonly factors: number[] = [];
  private readonly sources: number[] = [];
  private readonly offsets: number[] = [0];

  /** A row of S over a chunk, whose rows are kept at `place`. */
  add(row: Float64Array, place: Int32Array): void {
    for (const [source, factor] of row.entries()) {
      if (factor === 0) continue;
      this.factors.push(factor);
      this.sources.push(place[source]!);
    }
    this.offsets.push(this.factors.length);
  }

  built() {
    return {
      rows: this.offsets.length - 1,
      factors: Float64Array.from(this.factors),
      sources: Uint32Array.from(this.sources),
      offsets: Uint32Array.from(this.offsets),
    };
  }
}

function rowsOf(held: SparseBuffer, columns: number): SparseRows {
  const result = allocateSparseRows(held.rows, columns, held.entries);
  result.values.set(held.values.subarray(0, held.entries));
  result.indices.set(held.indices.subarray(0, held.entries));
  result.offsets.set(held.offsets.subarray(0, held.rows + 1));
  return result;
}

function targetsOf(held: SparseBuffer): Float32Array {
  return held.targets.slice(0, held.rows);
}
