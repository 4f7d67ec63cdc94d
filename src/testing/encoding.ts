import assert from "node:assert/strict";
import { randomFrom } from "../core/random.ts";
import type { Encoding } from "../encoding/encoding.ts";
import { type DenseMatrix, distanceToIdentity, gram, matrix, product, row } from "./dense.ts";
import {
  above,
  atLeast,
  atMost,
  below,
  type Laws,
  relativeDifference,
  type TestRunner,
  testLaws,
} from "./laws.ts";
import {
  chunkMatrix,
  encodedChunk,
  type StoredCode,
  storedCode,
  subsets,
  sumsBySlot,
} from "./stored-code.ts";

/** Somebody's encoding, and what a test must know of it beyond its interface. */
export interface EncodingUnderTest {
  readonly name: string;
  readonly encoding: Encoding;
  /** Stored rows that go to a slot together; 1 where absent. */
  readonly runRows?: number;
  /**
   * When the weights of some slots stand for all data rows: `always` (where absent), whichever
   * slots replied; `on-average` over all choices of slots, as where stored rows have unequal norms;
   * `least-squares`, for at most all of them, since it counts a row that nobody replied as zero.
   */
  readonly estimates?: "always" | "on-average" | "least-squares";
  /** It waits for more slots rather than estimate from too few. */
  readonly waitsOn?: boolean;
  /** Stored rows may count less than zero, and what they count is stored in single precision. */
  readonly isSigned?: boolean;
}

/** The contract of an encoding, as tests over several numbers of workers and rows. */
export function testEncoding(member: EncodingUnderTest, runner: TestRunner): void {
  testLaws(runner, `${member.name} encoding`, laws, member);
}

const workerCounts = [1, 2, 3, 8, 12, 64];
/** One row, one short of a power of two, an odd number, several chunks with a partial last one. */
const rowCounts = [1, 63, 101, 200];

const laws: Laws<EncodingUnderTest> = {
  "serves some of the usual numbers of workers and refuses others with a reason"({ encoding }) {
    above(servedBy(encoding).length, 0, "how many of 1, 2, 3, 8, 12 and 64 workers it serves");
    for (const workers of workerCounts) {
      const reason = encoding.refusal(workers);
      if (reason !== null) above(reason.length, 10, "the length of the reason");
    }
  },

  "gives every stored row one slot, and shares within a chunk differ by one run at most"(member) {
    for (const { code, workers } of codesOf(member.encoding)) {
      assert(code.slots.every((slot) => Number.isInteger(slot) && slot >= 0 && slot < workers));
      assert.equal(
        code.shares.reduce((total, share) => total + share),
        code.s.rows,
      );
      for (const shares of code.sharesByChunk)
        atMost(Math.max(...shares) - Math.min(...shares), member.runRows ?? 1, "a difference");
    }
  },

  "stores as many rows for a full chunk as the redundancy says"({ encoding }) {
    for (const workers of servedBy(encoding)) {
      const rows = encoding.chunkRows(workers);
      const stored = encoding.chunk(0, rows, workers, randomFrom(1)).slots.length;
      below(Math.abs(stored / encoding.redundancy - rows), 1, "what a chunk's size is off");
    }
  },

  "has S'S = scale I where it is tight, and scale = trace(S'S)/n"({ encoding }) {
    for (const { code, workers, rows } of codesOf(encoding)) {
      const scale = encoding.scale(workers);
      const squares = gram(code.s);
      let trace = 0;
      for (let i = 0; i < rows; i++) trace += squares.values[i * rows + i]!;
      below(Math.abs(trace / rows / scale - 1), 1e-12, "what the trace is off");
      if (!encoding.tight) continue;
      below(distanceToIdentity(squares, scale) / scale, 1e-12, `the distance of ${rows} rows`);
    }
  },

  "encodes a chunk to the product with S, for an odd number of columns too"({ encoding }) {
    const random = randomFrom(2);
    for (const workers of servedBy(encoding))
      for (const rows of [1, Math.min(37, encoding.chunkRows(workers))]) {
        const code = encoding.chunk(0, rows, workers, randomFrom(3));
        const s = chunkMatrix(code, rows);
        const x = matrix(rows, 7, () => random.normal());
        const error = relativeDifference(encodedChunk(code, x).values, product(s, x).values);
        below(error, 1e-12, "the difference to the product");
        if (code.kind === "copies") assert(s.values.every((v) => v === 0 || v === 1));
      }
  },

  "mixes into a stored row the data rows that it says, or every one"({ encoding }) {
    for (const workers of servedBy(encoding)) {
      const rows = encoding.chunkRows(workers) - (encoding.chunkRows(workers) > 1 ? 1 : 0);
      const code = encoding.chunk(0, rows, workers, randomFrom(3));
      if (code.kind === "copies" || rows > 256) continue;
      const s = chunkMatrix(code, rows);
      for (let stored = 0; stored < s.rows; stored++) {
        const mixed = [...row(s, stored).keys()].filter((at) => row(s, stored)[at] !== 0);
        const named: number[] | null =
          code.sources === undefined ? null : [...code.sources(stored)];
        if (named !== null)
          assert.deepEqual(
            named.sort((a, b) => a - b),
            mixed,
          );
      }
      if (code.sources !== undefined) continue;
      below(s.values.filter((v) => v === 0).length, s.rows * 2, "how many entries are zero");
    }
  },

  "overwrites what is there as it encodes, and leaves its input alone"({ encoding }) {
    const code = encoding.chunk(0, 5, servedBy(encoding)[0]!, randomFrom(3));
    if (code.kind === "copies") return;
    const values = Float32Array.of(1, -2, 3, -4, 5);
    const clean = new Float32Array(code.slots.length);
    code.encode(values, 1, clean);
    const dirty = new Float32Array(code.slots.length).fill(9);
    code.encode(values, 1, dirty);
    assert.deepEqual(dirty, clean);
    assert.deepEqual(values, Float32Array.of(1, -2, 3, -4, 5));
  },

  "gives the same code for the same random stream, another for another"({ encoding }) {
    const workers = servedBy(encoding).at(-1)!;
    const codes = [1, 1, 2].map((seed) => storedCode(encoding, 101, workers, seed));
    const [first, again, other] = codes.map(({ s, slots }) => `${s.values.join()} ${slots.join()}`);
    assert(again === first, "the same stream gave another code");
    assert(other !== first, "another stream gave the same code");
  },

  "gives the exact sum from all slots if it is tight, for all rows and workers"(member) {
    const random = randomFrom(4);
    for (const { code, workers, rows } of codesOf(member.encoding)) {
      const x = matrix(rows, 2, () => random.normal());
      const all = [...Array(workers).keys()];
      const weights = member.encoding.weights(all, code.shares, rows);
      assert.equal(weights?.length, workers);
      const error = relativeDifference(weighted(sumsBySlot(code, x), all, weights), x.values);
      // The rows' own weights are stored in single precision.
      if (member.isSigned) below(error, 2e-5, "the error");
      else if (member.encoding.tight) below(error, 1e-12, "the error");
      else if (rows > 1) above(error, 0.01, "the error of a code that says it is not tight");
    }
  },

  "estimates nothing from nobody or from empty slots, and something from slots with rows"(member) {
    const { encoding, waitsOn = false, isSigned = false } = member;
    for (const { code, workers, rows } of codesOf(encoding)) {
      assert.equal(encoding.weights([], code.shares, rows), null);
      for (let slot = 0; slot < workers; slot++) {
        const weights = encoding.weights([slot], code.shares, rows);
        const isTooLittle = waitsOn && code.shares[slot]! < rows;
        if (isSigned) assert(weights?.every(Number.isFinite) ?? true);
        else if (code.shares[slot] === 0 || isTooLittle) assert.equal(weights, null);
        else assert(weights!.every((weight) => weight > 0 && weight < Infinity));
      }
    }
  },

  // With ones everywhere, copies must add up to n. Mixtures: the weighted trace of S'S is n.
  "gives weights that stand for all rows, whichever slots replied"(member) {
    const { estimates = "always", waitsOn = false } = member;
    const totals = countedShares(member.encoding, waitsOn);
    // Rows that weigh have their weights in single precision.
    const slack = member.isSigned ? 1e-5 : 0;
    if (estimates === "on-average") {
      const mean = totals.reduce((a, b) => a + b) / totals.length;
      below(Math.abs(mean - 1), 1e-12, "what the mean over all sets is off");
      above(Math.max(...totals), 1.001, "the most that a set counts");
    } else if (estimates === "always")
      for (const total of totals) below(Math.abs(total - 1), 1e-12, "what a set is off");
    else
      for (const total of totals) {
        atMost(total, 1 + slack, "what a set counts");
        if (waitsOn) atLeast(total, 1 - slack, "what a set counts");
        above(total, 0, "what a set counts");
      }
  },
};

function servedBy(encoding: Encoding): number[] {
  return workerCounts.filter((workers) => encoding.refusal(workers) === null);
}

function* codesOf(
  encoding: Encoding,
): Generator<{ code: StoredCode; workers: number; rows: number }> {
  for (const workers of servedBy(encoding))
    for (const rows of rowCounts)
      yield { code: storedCode(encoding, rows, workers), workers, rows };
}

/** How much of all rows each set of three of eight slots counts, where it allows an estimate. */
function countedShares(encoding: Encoding, waitsOn: boolean): number[] {
  const workers = encoding.refusal(8) === null ? 8 : servedBy(encoding).at(-1)!;
  const rows = 2 * encoding.chunkRows(workers);
  const code = storedCode(encoding, rows, workers);
  const squares = code.shares.map(() => 0);
  for (const [i, slot] of code.slots.entries())
    for (let j = 0; j < rows; j++)
      squares[slot]! += code.weights[i]! * code.s.values[i * rows + j]! ** 2;
  const sets = subsets(Math.min(workers, 8), 3).filter((set) => set.length > 0);
  return sets.flatMap((arrived) => {
    const weights = encoding.weights(arrived, code.shares, rows);
    if (weights === null)
      assert(waitsOn, `slots ${arrived} allow no estimate, and it waits for none`);
    return weights === null
      ? []
      : [arrived.reduce((sum, slot, i) => sum + weights[i]! * squares[slot]!, 0) / rows];
  });
}

function weighted(
  sums: readonly DenseMatrix[],
  arrived: readonly number[],
  weights: readonly number[],
): Float64Array {
  const total = new Float64Array(sums[0]!.values.length);
  for (const [i, slot] of arrived.entries())
    for (let j = 0; j < total.length; j++) total[j]! += weights[i]! * sums[slot]!.values[j]!;
  return total;
}
