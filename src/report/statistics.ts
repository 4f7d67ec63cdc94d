/** The value below which a share of the sorted numbers lies, interpolated; null for none. */
export function quantile(sorted: ArrayLike<number>, share: number): number | null {
  if (sorted.length === 0) return null;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
}

export function median(values: readonly number[]): number | null {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

export function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/**
 * Thins a long series for drawing: at most `pointsMax` of the items, in order, always with the
 * first, the last and the smallest and largest value of every stretch, so that no spike is lost.
 */
export function downsample<T>(
  items: readonly T[],
  pointsMax: number,
  value: (item: T) => number | null,
): readonly T[] {
  if (items.length <= pointsMax) return items;
  const stretches = Math.max(1, Math.floor((pointsMax - 2) / 2));
  const chosen = new Set([0, items.length - 1]);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * items.length) / stretches);
    const to = Math.floor(((stretch + 1) * items.length) / stretches);
    for (const index of extremesOf(items, from, to, value)) chosen.add(index);
  }
  return [...chosen].sort((a, b) => a - b).map((index) => items[index]!);
}

function extremesOf<T>(
  items: readonly T[],
  from: number,
  to: number,
  value: (item: T) => number | null,
): number[] {
  let least = -1;
  let most = -1;
  for (let index = from; index < to; index++) {
    const here = value(items[index]!);
    if (here === null) continue;
    if (least < 0 || here < value(items[least]!)!) least = index;
    if (most < 0 || here > value(items[most]!)!) most = index;
  }
  return least < 0 ? [from] : [least, most];
}
