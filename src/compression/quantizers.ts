import * as z from "zod";
import type { Random } from "../core/random.ts";
import { define } from "../core/registry.ts";
import { log8Error, toLog8 } from "./codes.ts";
import { composed, type Quantizer } from "./compressor.ts";
import { isShorterSparse } from "./payload-codec.ts";
import type { Coded, Values } from "./payload-model.ts";
import { everything } from "./selections.ts";

export const none = define({
  name: "none",
  summary: "every entry as float32",
  options: {},
  examples: [{}],
  create: () => composed(everything, exactly),
});

export const sign = define({
  name: "sign",
  summary: "every entry's sign, times the mean magnitude: one bit an entry",
  reference: "Karimireddy, Rebjock, Stich, Jaggi, ICML 2019: EF-signSGD",
  options: {},
  examples: [{}],
  create: () => composed(everything, signsOf(1)),
});

export const qsgd = define({
  name: "qsgd",
  summary: "every entry rounded at random to one of s parts of the norm; zeros are not sent",
  reference: "Alistarh, Grubic, Li, Tomioka, Vojnovic, NeurIPS 2017",
  options: levelsOptions(16),
  examples: [{}, { levels: 4 }, { levels: 64, scaled: false }],
  create: ({ levels, scaled }) => composed(everything, stochasticLevels(levels, scaled)),
});

export const sLevel = define({
  name: "s-level",
  summary: "every entry rounded at random to one of s + 1 marks from the least to the greatest",
  reference: "Suresh, Yu, Kumar, McMahan, ICML 2017: stochastic k-level quantization",
  options: levelsOptions(15),
  examples: [{}, { levels: 1 }, { levels: 255, scaled: false }],
  create: ({ levels, scaled }) => composed(everything, stochasticInterval(levels, scaled)),
});

/** How many steps there are, and whether what comes out is made a contraction. */
export function levelsOptions(usual: number) {
  return {
    levels: z
      .int()
      .min(1)
      .max(2 ** 16 - 1)
      .default(usual)
      .describe("s: how many steps there are from nothing to the most"),
    scaled: z
      .boolean()
      .default(true)
      .describe(
        "over 1 + beta, so that it is a contraction for every s; false: unbiased, which needs no " +
          "error feedback",
      ),
  };
}

/** Float32, as it is. */
export const exactly: Quantizer = {
  contraction: () => 1,
  quantize: (floats) => ({ kind: "floats", floats }),
};

/**
 * |x|_2 sign(x_i) level_i / s, s |x_i| / |x|_2 being rounded up with the chance of what is above
 * the level below: unbiased, E|Q(x)|^2 <= (1 + beta)|x|^2 with beta = min(d / s^2, sqrt(d) / s).
 * Over 1 + beta, where `scaled`: no longer unbiased, but a contraction for every s.
 */
export function stochasticLevels(steps: number, scaled: boolean): Quantizer {
  const beta = (length: number) => Math.min(length / steps ** 2, Math.sqrt(length) / steps);
  return {
    contraction: (length) => shrinking(beta(length), scaled),
    quantize(vector, random) {
      const norm = normOf(vector);
      const unit = Math.fround(norm / steps / (scaled ? 1 + beta(vector.length) : 1));
      if (!isTold(steps * unit)) return null;
      const factor = norm === 0 ? 0 : steps / norm;
      const levels = new Int32Array(vector.length);
      for (let i = 0; i < levels.length; i++) {
        const size = roundedAtRandom(factor * Math.abs(vector[i]!), random);
        levels[i] = vector[i]! < 0 ? -size : size;
      }
      return { kind: "levels", unit, levels };
    },
    shorten: withoutZeros,
  };
}

/**
 * s intervals of equal length from the least entry to the greatest, each entry rounded to an end
 * of its own at random: unbiased, beta = d / (2 s^2).
 */
export function stochasticInterval(steps: number, scaled: boolean): Quantizer {
  const beta = (length: number) => length / (2 * steps ** 2);
  return {
    contraction: (length) => shrinking(beta(length), scaled),
    quantize: (vector, random) =>
      intervalLevels(vector, steps, scaled ? 1 + beta(vector.length) : 1, random),
  };
}

/** The receiver has it as a float32 that is a number; what was rounded up may be too large. */
export function isTold(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

/** Entries over `divisor`, rounded to the ends of equal intervals. */
export function intervalLevels(
  vector: Float32Array,
  steps: number,
  divisor: number,
  random: Random,
): Extract<Values, { kind: "interval" }> | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
    if (Number.isNaN(value)) low = value;
  }
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
  // As the receiver has them: rounding must not lean to one side.
  const toldLow = Math.fround(low / divisor);
  const unit = Math.fround((high - low) / divisor / steps);
  if (!isTold(toldLow + steps * unit)) return null;
  const levels = new Uint32Array(vector.length);
  const factor = unit === 0 ? 0 : 1 / unit;
  for (let i = 0; i < levels.length; i++) {
    const exact = Math.max(0, (vector[i]! / divisor - toldLow) * factor);
    levels[i] = Math.min(steps, roundedAtRandom(exact, random));
  }
  return { kind: "interval", low: toldLow, unit, bits: Math.ceil(Math.log2(steps + 1)), levels };
}

/**
 * |x|_m / d with every entry's sign, zero counting as plus: for m = 1 the mean magnitude, which is
 * nearest to x. A contraction by 1 / d and more; by (1 - e^2) / d with a scale that is e off.
 */
export function signsOf(norm: 1 | 2, isRough = false): Quantizer {
  return {
    contraction: (length) => (isRough ? 1 - log8Error ** 2 : 1) / length,
    quantize(vector) {
      const size = norm === 1 ? sumOfSizes(vector) : normOf(vector);
      const scale = Math.fround(size / vector.length);
      if (!Number.isFinite(scale)) return null;
      const negative = new Uint8Array(vector.length);
      for (let i = 0; i < negative.length; i++) if (vector[i]! < 0) negative[i] = 1;
      const code = isRough ? toLog8(scale) : null;
      if (code !== null) return { kind: "rough-signs", code, negative };
      return { kind: "signs", scale, negative };
    },
  };
}

function shrinking(beta: number, scaled: boolean): number | null {
  if (scaled) return 1 / (1 + beta);
  return beta < 1 ? 1 - beta : null;
}

function roundedAtRandom(exact: number, random: Random): number {
  const below = Math.floor(exact);
  return random.uniform() < exact - below ? below + 1 : below;
}

/** Levels of 0 need not be sent: their positions say nothing. */
function withoutZeros(content: Coded): Coded {
  const { support, values } = content;
  if (values.kind !== "levels" || support.kind === "drawn") return content;
  const kept: number[] = [];
  for (let i = 0; i < values.levels.length; i++) if (values.levels[i] !== 0) kept.push(i);
  if (support.kind === "all" && !isShorterSparse(values.levels, Uint32Array.from(kept)))
    return content;
  const at = support.kind === "all" ? (i: number) => i : (i: number) => support.positions[i]!;
  return {
    ...content,
    support: { kind: "positions", positions: Uint32Array.from(kept, at) },
    values: { ...values, levels: Int32Array.from(kept, (i) => values.levels[i]!) },
  };
}

function normOf(vector: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! ** 2;
  return Math.sqrt(sum);
}

function sumOfSizes(vector: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += Math.abs(vector[i]!);
  return sum;
}
