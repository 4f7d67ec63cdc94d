import { assert } from "../core/errors.ts";

/**
 * B of a cyclic gradient code, row by row: slot i weighs parts i, i + 1, ..., i + s (modulo m) by
 * `coefficients[i (s + 1)]` and the s that follow; the first is 1. Law (tested): any m - s rows
 * span 1.
 */
export interface CyclicCode {
  readonly slots: number;
  readonly stragglers: number;
  readonly coefficients: Float64Array;
  /** Some a with a'B = 1. */
  readonly solution: Float64Array;
  /** As many n with n'B = 0 as there are stragglers; with them it gives every solution. */
  readonly kernel: readonly Float64Array[];
}

/**
 * B is orthogonal to the s highest frequencies of length m, which 1 is orthogonal to as well, and
 * any s of whose columns are independent (Tandon et al.'s H; Raviv et al. on cyclic codes). Where
 * m - s is odd they are whole, and B is a circulant. Where it is even they lie between whole ones:
 * B is a circulant that changes its sign on the way around, between scales u and 1/u with u_j =
 * cos(pi (j - (m-1)/2) / m), the positive wave that stands for 1 there. All in closed form: solving
 * for B loses digits, and a random H gives weights 10 to 1000 times as large.
 */
export function cyclicCode(slots: number, stragglers: number): CyclicCode {
  assert(stragglers >= 0 && stragglers < slots, "somebody has to answer");
  const isWhole = (slots - stragglers) % 2 === 1;
  const generator = polynomialOf(frequenciesOf(slots, stragglers), slots);
  const scale = Float64Array.from({ length: slots }, (_, j) =>
    isWhole ? 1 : Math.cos(angle(0.5, j, slots)),
  );
  const coefficients = new Float64Array(slots * (stragglers + 1));
  for (let i = 0; i < slots; i++)
    for (const [t, factor] of generator.entries()) {
      const sign = isWhole || i + t < slots ? 1 : -1;
      const ratio = scale[i]! / scale[(i + t) % slots]!;
      coefficients[i * (stragglers + 1) + t] = sign * factor * ratio;
    }
  return {
    slots,
    stragglers,
    coefficients,
    solution: solutionOf(generator, scale, isWhole ? 0 : 0.5),
    kernel: kernelOf(slots, stragglers, scale),
  };
}

/** Of s frequencies those up to the middle, m/2; each below it stands for m - itself as well. */
function frequenciesOf(slots: number, stragglers: number): number[] {
  const lowest = (slots - stragglers + 1) / 2;
  return Array.from({ length: Math.ceil(stragglers / 2) }, (_, i) => lowest + i);
}

/** The polynomial with zeros at those frequencies, lowest power first; all terms are positive. */
function polynomialOf(frequencies: readonly number[], slots: number): Float64Array {
  let terms = Float64Array.of(1);
  for (const frequency of frequencies) {
    const isMiddle = 2 * frequency === slots;
    const factor = isMiddle ? [1, 1] : [1, -2 * Math.cos((2 * Math.PI * frequency) / slots), 1];
    const product = new Float64Array(terms.length + factor.length - 1);
    for (const [i, a] of terms.entries())
      for (const [j, b] of factor.entries()) product[i + j]! += a * b;
    terms = product;
  }
  return terms;
}

/** A wave's angle at slot j, counted from the middle of the slots. */
function angle(frequency: number, j: number, slots: number): number {
  return (Math.PI * frequency * (2 * j - slots + 1)) / slots;
}

/** B maps the wave that stands for 1 to itself, but for a factor and the polynomial's middle. */
function solutionOf(generator: Float64Array, scale: Float64Array, frequency: number): Float64Array {
  const slots = scale.length;
  const middle = (generator.length - 1) / 2;
  const gain = generator.reduce(
    (sum, term, t) => sum + term * Math.cos((2 * Math.PI * frequency * (t - middle)) / slots),
    0,
  );
  return scale.map((u, j) => Math.cos(angle(frequency, j + middle, slots)) / u / gain);
}

function kernelOf(slots: number, stragglers: number, scale: Float64Array): Float64Array[] {
  const waves = frequenciesOf(slots, stragglers).flatMap((frequency) => {
    const cosine = scale.map((u, j) => Math.cos(angle(frequency, j, slots)) / u);
    const sine = scale.map((u, j) => Math.sin(angle(frequency, j, slots)) / u);
    if (2 * frequency !== slots) return [cosine, sine];
    // One of the two is zero at every slot.
    return [slots % 2 === 0 ? sine : cosine];
  });
  assert(waves.length === stragglers, "one for each straggler");
  return waves;
}
