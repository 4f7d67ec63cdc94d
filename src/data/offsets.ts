/** What numbers may lose by being stored in float32, and what is done about it. */
export const offsetModes = ["kept", "told", "centred"] as const;

/**
 * `kept`: nothing is learned of them, as in private runs. `told`: whoever trains is warned where
 * more than half of a column's digits are lost. `centred`: predictions will be linear with a free
 * intercept, so large offsets of targets and features are taken out before they are stored, and the
 * features' means and deviations are told where they are not standardised.
 */
export type OffsetMode = (typeof offsetModes)[number];

/** Offsets of more deviations than this are taken out: four of float32's 24 bits. */
const centredFrom = 16;

/** Offsets of more deviations than this cost more than half of the bits. */
const lostFrom = 2 ** 12;

/** A column's numbers are so far from zero that float32 keeps less than half of their digits. */
export interface LostDigits {
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
}

/** A column lies so many deviations from zero that its offset is looked after. */
export function isFar(mean: number, deviation: number): boolean {
  return Math.abs(mean) > centredFrom * deviation;
}

/** By column. */
interface Moments {
  mean(column: number): number;
  variance(column: number): number;
}

/** What is to be taken from a column's numbers before they are stored: 0, or about their mean. */
export function offsetOf(statistics: Moments, column: number): number {
  const mean = statistics.mean(column);
  return isFar(mean, Math.sqrt(statistics.variance(column))) ? mean : 0;
}

/** The column, where it loses more than half of its digits; null where it does not. */
export function lostDigitsOf(name: string, mean: number, deviation: number): LostDigits | null {
  if (!(deviation > 0) || Math.abs(mean) <= lostFrom * deviation) return null;
  return { name, mean, deviation };
}

/** What a person is told about a column that loses digits. */
export function lostInWords({ name, mean, deviation }: LostDigits): string {
  const [far, apart] = [mean, deviation].map((value) => Number(value.toPrecision(3)));
  return (
    `${name}: its numbers lie around ${far} and ${apart} apart, so that float32 keeps less than ` +
    "half of their digits; keep data.intercept: true, or take an offset from them beforehand"
  );
}

/** Means and deviations of the stored features, the intercept left out. */
export interface FeatureScales {
  readonly means: readonly number[];
  /** 1 where all values are the same. */
  readonly deviations: readonly number[];
}

/** In six digits: they only say how long a step may be. */
export function scalesOf(
  moments: Iterable<{ readonly mean: number; readonly deviation: number }>,
): FeatureScales {
  const means: number[] = [];
  const deviations: number[] = [];
  for (const { mean, deviation } of moments) {
    means.push(Number(mean.toPrecision(6)));
    deviations.push(Number((deviation > 0 ? deviation : 1).toPrecision(6)));
  }
  return { means, deviations };
}
