import type { Random } from "../core/random.ts";
import { transformWorkspace } from "../math/kernels/transforms.ts";
import { assignSlots, type Encoding, type MixingCode } from "./encoding.ts";

/** What sets one mixing code apart from another; the rest of `Encoding` follows from it. */
export interface MixingCodeSpec {
  readonly redundancy: number;
  readonly tight: boolean;
  refusal(workers: number): string | null;
  /** Data rows in a full chunk, and what they are stored as. */
  full(workers: number): { readonly rows: number; readonly storedRows: number };
  /** Stored rows of a chunk that is not full, and no more than a full one's. */
  storedRows(rows: number, workers: number): number;
  /** S of one chunk, of that many stored rows and with trace(S'S) = scale rows. */
  encoder(chunk: ChunkShape, random: Random): MixingCode["encode"];
  /** The slot of each stored row; at random, and as many to each, where absent. */
  deal?(storedRows: number, workers: number, random: Random): Uint16Array;
  /** Where S is sparse: the data rows that each stored row of the same chunk mixes. */
  sources?(chunk: ChunkShape, random: Random): NonNullable<MixingCode["sources"]>;
}

export interface ChunkShape {
  readonly rows: number;
  readonly storedRows: number;
  /** c of the whole code, whatever a chunk is padded to. */
  readonly scale: number;
}

/** Stored rows are dealt to slots at random, and all of them count alike. */
export function mixingCode(code: MixingCodeSpec): Encoding {
  const scale = (workers: number) => {
    const { rows, storedRows } = code.full(workers);
    return storedRows / rows;
  };
  return {
    redundancy: code.redundancy,
    mixes: true,
    tight: code.tight,
    refusal: code.refusal,
    scale,
    chunkRows: (workers) => code.full(workers).rows,
    chunk(_index, rows, workers, random) {
      const full = code.full(workers);
      const storedRows = rows === full.rows ? full.storedRows : code.storedRows(rows, workers);
      const shape = { rows, storedRows, scale: scale(workers) };
      return {
        kind: "mixtures",
        slots: (code.deal ?? assignSlots)(storedRows, workers, random.fork("slots")),
        encode: code.encoder(shape, random),
        ...(code.sources === undefined ? {} : { sources: code.sources(shape, random) }),
      };
    },
    weights(arrived, storedRows, _rows) {
      let seen = 0;
      for (let i = 0; i < arrived.length; i++) seen += storedRows[arrived[i]!]!;
      if (seen === 0) return null;
      let all = 0;
      for (let slot = 0; slot < storedRows.length; slot++) all += storedRows[slot]!;
      const weight = all / seen / scale(storedRows.length);
      return arrived.map(() => weight);
    },
  };
}

/**
 * Encodes by a transform T of order N whose columns are orthogonal and of square norm
 * `squaredNorm`: data row i stands at place `places[i]` of N, so S = sqrt(c/squaredNorm) T[:,
 * places]. T works in place on row-major columns, N by `columns`.
 */
export function scattered(
  places: Uint32Array,
  { storedRows, scale }: ChunkShape,
  squaredNorm: number,
  transform: (values: Float64Array, size: number, columns: number) => void,
): MixingCode["encode"] {
  const factor = Math.sqrt(scale / squaredNorm);
  return (values, columns, out) => {
    const work = workspace(storedRows * columns);
    work.fill(0);
    for (let row = 0; row < places.length; row++) {
      const from = row * columns;
      const to = places[row]! * columns;
      for (let j = 0; j < columns; j++) work[to + j] = values[from + j]!;
    }
    transform(work, storedRows, columns);
    for (let i = 0; i < work.length; i++) out[i] = work[i]! * factor;
  };
}

/** One buffer for every chunk: chunks of one data set have the same shape but for the last. */
export function workspace(length: number): Float64Array {
  return transformWorkspace(length);
}
