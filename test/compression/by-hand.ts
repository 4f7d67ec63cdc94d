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
