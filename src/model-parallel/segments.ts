/** A line of items that is cut into contiguous segments, none of them empty. */
export interface SegmentProblem {
  readonly items: number;
  readonly segments: number;
  /** Of items `from` to `to` (exclusive) as segment `index`; Infinity where that cannot be. */
  readonly cost: (index: number, from: number, to: number) => number;
  /** What a cut before item `at` costs where everything else ties. */
  readonly cutCost?: (at: number) => number;
}

/** Differences below this share are rounding, so that a change of units changes no cut. */
const rounding = 1e-12;

interface Best {
  /** Falling. */
  readonly loads: readonly number[];
  readonly cuts: number;
  /** Where the last segment begins. */
  readonly from: number;
}

/**
 * The ends of the segments whose largest cost is smallest; among those the one whose second
 * largest is smallest, and so on, then the one with the cheapest cuts. Null where none is allowed.
 * Dynamic programming over (segments, items), c(k, i) = min over j of max(c(k-1, j), cost(j, i)).
 */
export function minMaxSegments(problem: SegmentProblem): readonly number[] | null {
  const { items, segments } = problem;
  if (segments < 1 || segments > items) return null;
  const rows: (Best | null)[][] = [];
  for (let k = 0; k < segments; k++) {
    const row: (Best | null)[] = Array(items + 1).fill(null);
    // The others need an item each.
    for (let to = k + 1; to <= items - (segments - 1 - k); to++)
      row[to] = bestEnd(problem, k, to, rows[k - 1] ?? null);
    rows.push(row);
  }
  const ends: number[] = [];
  for (let k = segments - 1, to = items; k >= 0; k--) {
    const best = rows[k]![to] ?? null;
    if (best === null) return null;
    ends.unshift(to);
    to = best.from;
  }
  return ends;
}

function bestEnd(
  { cost, cutCost }: SegmentProblem,
  k: number,
  to: number,
  before: readonly (Best | null)[] | null,
): Best | null {
  let best: Best | null = null;
  const first = before === null ? 0 : k;
  const last = before === null ? 0 : to - 1;
  for (let from = first; from <= last; from++) {
    const rest = before === null ? nothing : before[from];
    if (rest === null || rest === undefined) continue;
    const own = cost(k, from, to);
    if (own === Number.POSITIVE_INFINITY) continue;
    const largest = Math.max(own, rest.loads[0] ?? own);
    if (best !== null && compare(largest, best.loads[0]!) > 0) continue;
    const cuts = rest.cuts + (from === 0 ? 0 : (cutCost?.(from) ?? 0));
    const candidate = { loads: inserted(rest.loads, own), cuts, from };
    if (best === null || compareBest(candidate, best) < 0) best = candidate;
  }
  return best;
}

const nothing: Best = { loads: [], cuts: 0, from: 0 };

function inserted(loads: readonly number[], load: number): readonly number[] {
  const at = loads.findIndex((other) => other < load);
  return at < 0 ? [...loads, load] : [...loads.slice(0, at), load, ...loads.slice(at)];
}

function compareBest(a: Best, b: Best): number {
  for (const [i, load] of a.loads.entries()) {
    const order = compare(load, b.loads[i]!);
    if (order !== 0) return order;
  }
  return compare(a.cuts, b.cuts);
}

function compare(a: number, b: number): number {
  return Math.abs(a - b) <= rounding * Math.max(Math.abs(a), Math.abs(b)) ? 0 : a - b;
}

/** The same for plain costs that add up. */
export function minMaxCuts(costs: readonly number[], segments: number): readonly number[] | null {
  const sums = [0];
  for (const cost of costs) sums.push(sums.at(-1)! + cost);
  return minMaxSegments({
    items: costs.length,
    segments,
    cost: (_, from, to) => sums[to]! - sums[from]!,
  });
}
