/** |v|^2. */
export function squared(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return sum;
}

/** All sets of `count` of the numbers 0 to size - 1. */
export function subsets(size: number, count: number, from = 0): number[][] {
  if (count === 0) return [[]];
  const all: number[][] = [];
  for (let first = from; first <= size - count; first++)
    for (const rest of subsets(size, count - 1, first + 1)) all.push([first, ...rest]);
  return all;
}

/** Elias' codes of whole numbers from 1 on. */
export function eliasGamma(value: number): string {
  const binary = value.toString(2);
  return "0".repeat(binary.length - 1) + binary;
}

export function eliasDelta(value: number): string {
  const binary = value.toString(2);
  return eliasGamma(binary.length) + binary.slice(1);
}

/** How many sets of `count` there are among `size`. */
export function combinations(size: number, count: number): bigint {
  let product = 1n;
  for (let i = 1; i <= count; i++) product = (product * BigInt(size - count + i)) / BigInt(i);
  return size < count ? 0n : product;
}
