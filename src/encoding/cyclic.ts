import { type Random, randomFrom } from "../core/random.ts";
import { type CyclicCode, cyclicCode } from "./cyclic-code.ts";
import { exactDecoder, residual } from "./cyclic-decoder.ts";
import { leastNormWeights } from "./cyclic-least-squares.ts";
import type { CopyingCode, Encoding } from "./encoding.ts";

const chunkRowsPerSlot = 32;

/** Sums and weights of stored rows are in single precision; a larger error is too large. */
const errorMax = 1e-3;
const roundoff = 2 ** -23;

/** How near to 1 each part counts where a decoding is called exact. */
const exactWithin = 1e-9;

/** Besides every run of neighbours, where weights are largest. */
const sampledPatterns = 200;

interface Coded {
  readonly code: CyclicCode;
  readonly decode: (arrived: readonly number[]) => Float64Array;
  readonly worst: () => Worst;
}

interface Worst {
  /** How far roundoff can carry the sum of parts that are alike. */
  readonly error: number;
  readonly weight: number;
}

const codesMax = 16;
const cache = new Map<string, Coded>();

/** Whoever plans asks for the same few codes again and again. */
function coded(workers: number, stragglers: number): Coded {
  const name = `${workers}/${stragglers}`;
  const hit = cache.get(name);
  if (hit !== undefined) return hit;
  const code = cyclicCode(workers, stragglers);
  const decode = exactDecoder(code);
  let worst: Worst | undefined;
  const freshCode: Coded = {
    code,
    decode,
    worst() {
      worst ??= worstError(code, decode);
      return worst;
    },
  };
  if (cache.size >= codesMax) cache.clear();
  cache.set(name, freshCode);
  return freshCode;
}

/** Parts that neighbours share, weighed by a cyclic code's rows. */
export function cyclicRepetition(stragglers: number, approximate: boolean): Encoding {
  const of = (workers: number) => coded(workers, stragglers);
  return {
    redundancy: stragglers + 1,
    mixes: false,
    // Least squares of too few slots may count a part more than once, or less than not at all.
    tight: !approximate,
    refusal(workers) {
      const tooFew = tooFewSlots(stragglers, workers);
      if (tooFew !== null) return tooFew;
      const { error, weight } = of(workers).worst();
      if (error <= errorMax) return null;
      return (
        `a cyclic gradient code for ${stragglers} stragglers of ${workers} slots weighs replies ` +
        `by up to ${weight.toPrecision(2)}, which leaves an error of ${error.toExponential(1)} ` +
        `in single precision, and ${errorMax} is the most; choose fewer stragglers or ` +
        "arrangement: fractional"
      );
    },
    ...neighbours(stragglers, (workers) => of(workers).code),
    weights(arrived, storedRows) {
      const { code, decode } = of(storedRows.length);
      if (arrived.length >= storedRows.length - stragglers) return chosen(decode(arrived), arrived);
      if (arrived.every((slot) => storedRows[slot] === 0)) return null;
      if (!approximate && arrived.length * (stragglers + 1) < storedRows.length) return null;
      // Some smaller sets decode as well, such as every other slot where s = 1.
      const closest = leastNormWeights(code, arrived);
      const isExact = residual(code, closest).every((rest) => Math.abs(rest) < exactWithin);
      return approximate || isExact ? chosen(closest, arrived) : null;
    },
  };
}

/** Why so many slots cannot overlap in a circle, or null. */
export function tooFewSlots(stragglers: number, workers: number): string | null {
  if (workers > stragglers) return null;
  return (
    `a cyclic gradient code for ${stragglers} stragglers keeps ${stragglers + 1} copies of each ` +
    `part at different slots, which needs ${stragglers + 1} workers or more`
  );
}

/** Rows dealt to as many parts as slots; slot i holds parts i, ..., i + s, weighed by `code`. */
export function neighbours(
  stragglers: number,
  code: ((workers: number) => CyclicCode) | null,
): Pick<Encoding, "scale" | "chunkRows" | "chunk"> {
  const copies = stragglers + 1;
  return {
    scale: () => copies,
    chunkRows: (workers) => workers * chunkRowsPerSlot,
    chunk(_index, rows, workers, random): CopyingCode {
      const parts = dealInCircle(rows, workers, random);
      const coefficients = code?.(workers).coefficients;
      const source = new Uint32Array(rows * copies);
      const slots = new Uint16Array(rows * copies);
      const weights = new Float32Array(rows * copies);
      for (let copy = 0; copy < copies; copy++) {
        for (let row = 0; row < rows; row++) {
          const at = copy * rows + row;
          const slot = (parts[row]! - copy + workers) % workers;
          source[at] = row;
          slots[at] = slot;
          if (coefficients !== undefined) weights[at] = coefficients[slot * copies + copy]!;
        }
      }
      return coefficients === undefined
        ? { kind: "copies", source, slots }
        : { kind: "copies", source, slots, weights };
    },
  };
}

/**
 * A random part for each row: full turns in random order, and what is left evenly around the
 * circle, so that neighbouring parts together differ by one row at most as well.
 */
function dealInCircle(rows: number, parts: number, random: Random): Uint16Array {
  const dealt = new Uint16Array(rows);
  for (let start = 0; start < rows; start += parts) {
    const count = Math.min(parts, rows - start);
    const order = random.permutation(count);
    const offset = random.integer(parts);
    for (let j = 0; j < count; j++)
      dealt[start + j] = (Math.floor((order[j]! * parts) / count) + offset) % parts;
  }
  return dealt;
}

function worstError(code: CyclicCode, decode: Coded["decode"]): Worst {
  const { slots, stragglers, coefficients } = code;
  const sizes = Float64Array.from({ length: slots }, (_, i) => {
    const row = coefficients.subarray(i * (stragglers + 1), (i + 1) * (stragglers + 1));
    return row.reduce((sum, value) => sum + Math.abs(value), 0);
  });
  let error = 0;
  let weight = 0;
  for (const missing of patterns(slots, stragglers)) {
    const weights = decode([...Array(slots).keys()].filter((slot) => !missing.has(slot)));
    let carried = 0;
    for (const [slot, value] of weights.entries()) {
      carried += Math.abs(value) * sizes[slot]!;
      weight = Math.max(weight, Math.abs(value));
    }
    error = Math.max(error, (carried / slots) * roundoff);
  }
  return { error, weight };
}

function* patterns(slots: number, stragglers: number): Generator<ReadonlySet<number>> {
  for (let first = 0; first < slots; first++)
    yield new Set(Array.from({ length: stragglers }, (_, t) => (first + t) % slots));
  const random = randomFrom("missing slots");
  for (let i = 0; i < sampledPatterns; i++)
    yield new Set(random.permutation(slots).subarray(0, stragglers));
}

function chosen(weights: Float64Array, arrived: readonly number[]): number[] {
  return arrived.map((slot) => weights[slot]!);
}
