import { baseOf, type Grouped, type Ratings, type RowsFrom, writeRow } from "./ratings.ts";
import {
  type CodedChunk,
  codesOf,
  type EncodedSideTask,
  type EncodedSubproblems,
  type Side,
  subproblemsOf,
  unknownsOf,
} from "./sides.ts";

/**
 * The slot's encoded rows at the other side's weights of a task. Those of the last task serve again
 * while that side stands still: a slot encodes once in half an epoch.
 */
export function encodedRows(
  ratings: Ratings,
  { side, exactBelow, bank, weights }: EncodedSideTask,
): EncodedSubproblems {
  const from = { side, exactBelow, bank, given: givenOf(ratings, side, weights) };
  if (ratings.kept !== null && isSame(ratings.kept.from, from)) return ratings.kept.rows;
  const rows = encode(ratings, from, weights);
  ratings.kept = { from, rows };
  return rows;
}

/** All weights but those of the side that moves. */
function givenOf({ encoded }: Ratings, side: Side, weights: Float32Array): Float32Array {
  const { columns, ratings } = encoded;
  const users = ratings!.users.length;
  const [from, end] = side === "users" ? [0, users] : [users, users + ratings!.items.length];
  const given = weights.slice();
  for (let block = 0; block < given.length; block += columns)
    given.fill(0, block + from, block + end);
  return given;
}

function isSame(a: RowsFrom, b: RowsFrom): boolean {
  if (a.side !== b.side || a.exactBelow !== b.exactBelow || a.bank !== b.bank) return false;
  return Buffer.compare(bytesOf(a.given), bytesOf(b.given)) === 0;
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function encode(
  ratings: Ratings,
  { side, exactBelow, bank }: RowsFrom,
  weights: Float32Array,
): EncodedSubproblems {
  const { encoded, encoding, slot } = ratings;
  const group = ratings[side];
  const subproblems = subproblemsOf(encoded, side, exactBelow, Number.POSITIVE_INFINITY);
  const width = unknownsOf(weights, encoded.columns) + 1;
  const rows = rowBuffer(width);
  const offsets = new Uint32Array(subproblems.members.length + 1);
  const base = baseOf(weights, encoded);
  for (const [i, member] of subproblems.members.entries()) {
    const chunks = codesOf(encoding, encoded, side, member, subproblems.counts[i]!, bank);
    for (const chunk of chunks) {
      const first = group.offsets[member]! + chunk.from;
      const plain = plainRows(group, first, chunk, weights, encoded.columns, base, width);
      addCoded(rows, chunk, slot, plain, width);
    }
    offsets[i + 1] = rows.count();
  }
  return { subproblems, width, offsets, ...rows.take() };
}

function plainRows(
  group: Grouped,
  first: number,
  { rows, codedRows }: CodedChunk,
  weights: Float32Array,
  columns: number,
  base: number,
  width: number,
): Float64Array {
  const plain = new Float64Array(codedRows * width);
  for (let row = 0; row < rows; row++)
    writeRow(group, first + row, weights, columns, base, plain, row * width);
  return plain;
}

/** Adds those stored rows of the chunk that are the slot's. */
function addCoded(
  to: RowBuffer,
  { code }: CodedChunk,
  slot: number,
  plain: Float64Array,
  width: number,
): void {
  const stored = code.slots.length;
  if (code.kind === "copies") {
    for (let j = 0; j < stored; j++)
      if (code.slots[j] === slot) to.add(plain, code.source[j]!, code.weights?.[j] ?? 1);
    return;
  }
  const mixed = new Float64Array(stored * width);
  code.encode(plain, width, mixed);
  for (let j = 0; j < stored; j++) if (code.slots[j] === slot) to.add(mixed, j, 1);
}

type RowBuffer = ReturnType<typeof rowBuffer>;

/** Rows that grow one by one. */
function rowBuffer(width: number) {
  let values = new Float64Array(width * 1024);
  let weights = new Float64Array(1024);
  let count = 0;
  return {
    count: () => count,
    add(from: Float64Array, row: number, weight: number) {
      if (count === weights.length) {
        values = doubled(values);
        weights = doubled(weights);
      }
      values.set(from.subarray(row * width, (row + 1) * width), count * width);
      weights[count++] = weight;
    },
    take: () => ({
      values: values.subarray(0, count * width),
      weights: weights.subarray(0, count),
    }),
  };
}

function doubled(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(values.length * 2);
  wider.set(values);
  return wider;
}
