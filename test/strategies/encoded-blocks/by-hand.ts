import { randomFrom } from "../../../src/core/random.ts";
import type { FeatureBlock } from "../../../src/data/shards/load-features.ts";
import { hadamardEntry } from "../../../src/math/transforms.ts";
import { problems } from "../../../src/problems/registry.ts";

/** Textbook logistic regression with an l2 penalty, in double precision, by plain loops. */
export interface Trial {
  readonly rows: number;
  readonly features: number;
  readonly l2: number;
  readonly x: readonly Float64Array[];
  readonly targets: Float32Array;
  /** Slot by slot, the rows of S_i. */
  readonly frame: readonly (readonly Float64Array[])[];
  /** c in S'S = cI. */
  readonly scale: number;
}

export interface TrialSize {
  readonly rows: number;
  readonly features: number;
  readonly workers: number;
  /** Stored rows, a power of two and at least `features`. Uncoded where absent. */
  readonly stored?: number;
  readonly seed?: string;
}

/** Two noisy classes; entries are multiples of 1/8, so that products with S are exact. */
export function trialOf({ rows, features, workers, stored, seed = "blocks" }: TrialSize): Trial {
  const random = randomFrom(seed);
  const eighths = () => Math.round(8 * random.normal()) / 8;
  const truth = Float64Array.from({ length: features }, () => random.normal() / 8);
  const x = Array.from({ length: rows }, () => Float64Array.from({ length: features }, eighths));
  const targets = Float32Array.from(x, (row) => {
    const margin = row.reduce((sum, value, j) => sum + value * truth[j]!, 0);
    return Number(margin + random.normal() > 0);
  });
  const { frame, scale } = frameOf(features, workers, stored, seed);
  return { rows, features, l2: 0.05, x, targets, frame, scale };
}

/** Subsampled Hadamard with entries of 1/8, its rows permuted and dealt; or the identity, dealt. */
function frameOf(features: number, workers: number, stored: number | undefined, seed: string) {
  const random = randomFrom(`${seed}/frame`);
  const count = stored ?? features;
  const columns = random.permutation(count).subarray(0, features);
  const order = random.permutation(count);
  const row = (i: number) =>
    Float64Array.from(columns, (column, j) =>
      stored === undefined ? Number(i === j) : hadamardEntry(i, column) / 8,
    );
  const frame = Array.from({ length: workers }, (_, slot) =>
    [...order].filter((_, at) => at % workers === slot).map(row),
  );
  return { frame, scale: stored === undefined ? 1 : count / 64 };
}

/** What the worker of a slot keeps: S_i [X' | I] in two slabs. */
export function blockOf(trial: Trial, slot: number): FeatureBlock {
  const { rows, features, x, frame, targets } = trial;
  const lifted = frame[slot]!.map((s) =>
    Float64Array.from({ length: rows + features }, (_, column) =>
      column < rows ? product(s, x[column]!) : s[column - rows]!,
    ),
  );
  const slab = (from: number, to: number) => ({
    kind: "dense" as const,
    rows: lifted.length,
    columns: to - from,
    values: Float32Array.from(lifted.flatMap((row) => [...row.subarray(from, to)])),
  });
  const middle = Math.floor(rows / 2);
  const slabs = [slab(0, middle), slab(middle, rows + features)];
  return { slabs, targets, features, intercept: false };
}

export function product(a: Float64Array, b: ArrayLike<number>): number {
  return a.reduce((sum, value, j) => sum + value * b[j]!, 0);
}

/** X w. */
export function predictionsAt({ x }: Trial, w: ArrayLike<number>): Float64Array<ArrayBuffer> {
  return Float64Array.from(x, (row) => product(row, w));
}

export function objectiveAt(trial: Trial, w: Float64Array): number {
  const margins = predictionsAt(trial, w);
  let loss = 0;
  for (const [i, z] of margins.entries())
    loss += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - trial.targets[i]! * z;
  return loss / trial.rows + (trial.l2 / 2) * product(w, w);
}

/** grad F at w; `round` is what the way to the workers does to X w and w. */
export function gradientAt(
  trial: Trial,
  w: Float64Array,
  round: (value: number) => number = (value) => value,
): Float64Array<ArrayBuffer> {
  const { rows, x, targets, l2 } = trial;
  const gradient = w.map((value) => l2 * round(value)) as Float64Array<ArrayBuffer>;
  for (const [i, z] of predictionsAt(trial, w).entries()) {
    const slope = (1 / (1 + Math.exp(-round(z))) - targets[i]!) / rows;
    for (let j = 0; j < gradient.length; j++) gradient[j]! += slope * x[i]![j]!;
  }
  return gradient;
}

/** S_A' S_A g, for the slots A. */
export function through(
  { frame }: Trial,
  slots: Iterable<number>,
  g: Float64Array,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(g.length);
  for (const slot of slots)
    for (const s of frame[slot]!) {
      const along = product(s, g);
      for (let j = 0; j < out.length; j++) out[j]! += along * s[j]!;
    }
  return out;
}

/** 1/(cL), L by the power method on X'X. */
export function safeStep(trial: Trial): number {
  const { rows, features, x, l2, scale } = trial;
  let v = Float64Array.from({ length: features }, (_, j) => 1 + j / features);
  let largest = 0;
  for (let step = 0; step < 300; step++) {
    const image = new Float64Array(features);
    for (const row of x) {
      const along = product(row, v);
      for (let j = 0; j < features; j++) image[j]! += (along * row[j]!) / rows;
    }
    largest = Math.hypot(...image);
    v = image.map((value) => value / largest);
  }
  // The power method comes from below; a thousandth covers what is missing.
  const smoothness = problems.create({ type: "logistic" }).smoothness(1.001 * largest) + l2;
  return 1 / (scale * smoothness);
}

/** The minimum by Newton's method, over the span of `basis` where given. */
export function optimum(trial: Trial, basis?: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const { rows, features, x, l2 } = trial;
  const along = basis ?? identity(features);
  let w = new Float64Array(features);
  for (let step = 0; step < 30; step++) {
    const gradient = gradientAt(trial, w);
    const curvatures = Float64Array.from(predictionsAt(trial, w), (z) => {
      const p = 1 / (1 + Math.exp(-z));
      return (p * (1 - p)) / rows;
    });
    const images = along.map((b) => x.map((row) => product(row, b)));
    const system = along.map((a, i) =>
      Float64Array.from({ length: along.length + 1 }, (_, j) => {
        if (j === along.length) return -product(a, gradient);
        let sum = l2 * product(a, along[j]!);
        for (let k = 0; k < rows; k++) sum += curvatures[k]! * images[i]![k]! * images[j]![k]!;
        return sum;
      }),
    );
    const change = solved(system);
    const next = w.slice();
    for (const [i, b] of along.entries())
      for (let j = 0; j < features; j++) next[j]! += change[i]! * b[j]!;
    w = next;
    if (Math.hypot(...change) < 1e-14) break;
  }
  return w;
}

function identity(size: number): Float64Array[] {
  return Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (_, j) => Number(i === j)),
  );
}

/** Gaussian elimination with row pivoting; the last column is the right side. */
function solved(system: readonly Float64Array[]): number[] {
  const a = system.map((row) => row.slice());
  const size = a.length;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k + 1; i < size; i++) if (Math.abs(a[i]![k]!) > Math.abs(a[pivot]![k]!)) pivot = i;
    [a[k], a[pivot]] = [a[pivot]!, a[k]!];
    for (let i = k + 1; i < size; i++) {
      const factor = a[i]![k]! / a[k]![k]!;
      for (let j = k; j <= size; j++) a[i]![j]! -= factor * a[k]![j]!;
    }
  }
  const out = new Array<number>(size).fill(0);
  for (let k = size - 1; k >= 0; k--) {
    let sum = a[k]![size]!;
    for (let j = k + 1; j < size; j++) sum -= a[k]![j]! * out[j]!;
    out[k] = sum / a[k]![k]!;
  }
  return out;
}
