import { RunError } from "../core/errors.ts";

/** How many of each: pipeline stages, tensor ranks within a stage, replicas of the whole. */
export interface ParallelSizes {
  readonly pipeline: number;
  readonly tensor: number;
  readonly replicas: number;
}

/** Where a worker stands, in each dimension. */
export interface RankPlace {
  readonly stage: number;
  readonly tensor: number;
  readonly replica: number;
}

/** Which dimension varies slowest, …, fastest: D replicas, P stages, T tensor ranks. */
export type RankOrder = string;

/** SageMaker's two names. */
const named: Readonly<Record<string, RankOrder>> = { cluster: "DPT", spread: "TPD" };

/** Workers in rows: ranks from 0 on, each with its place. */
export interface RankTable {
  readonly size: number;
  readonly placeOf: (rank: number) => RankPlace;
  readonly rankOf: (place: RankPlace) => number;
  /** Ranks that differ in nothing but these dimensions, a worker's own among them, rising. */
  readonly group: (rank: number, dimensions: readonly (keyof RankPlace)[]) => readonly number[];
}

/**
 * Ranks in mixed radix, the digits in the order of the letters, the right-most fastest. A data
 * parallel group differs in replica and tensor rank, a model parallel one in stage and tensor rank.
 */
export function rankTable(sizes: ParallelSizes, order: RankOrder = "cluster"): RankTable {
  const letters = [...(named[order] ?? order)];
  const dimensions: Readonly<Record<string, [keyof RankPlace, number]>> = {
    D: ["replica", sizes.replicas],
    P: ["stage", sizes.pipeline],
    T: ["tensor", sizes.tensor],
  };
  if ([...letters].sort().join("") !== "DPT")
    throw new RunError("bad-ranks", `ranks: "${order}" is no order of D, P and T`, {
      hint: "DPT (cluster) keeps a replica's workers together, TPD (spread) apart",
    });
  for (const [name, size] of Object.values(dimensions))
    if (!Number.isInteger(size) || size < 1)
      throw new RunError("bad-ranks", `ranks: ${size} for ${name}: at least 1 is needed`);
  const digits = letters.map((letter) => dimensions[letter]!);
  const size = digits.reduce((product, [, base]) => product * base, 1);
  const placeOf = (rank: number): RankPlace => {
    const place = { stage: 0, tensor: 0, replica: 0 };
    let rest = rank;
    for (const [name, base] of digits.toReversed()) {
      place[name] = rest % base;
      rest = Math.floor(rest / base);
    }
    return place;
  };
  const rankOf = (place: RankPlace) =>
    digits.reduce((rank, [name, base]) => rank * base + place[name], 0);
  const group = (rank: number, free: readonly (keyof RankPlace)[]) => {
    const own = placeOf(rank);
    const fixed = digits.flatMap(([name]) => (free.includes(name) ? [] : [name]));
    const all = Array.from({ length: size }, (_, other) => other);
    return all.filter((other) => fixed.every((name) => placeOf(other)[name] === own[name]));
  };
  return { size, placeOf, rankOf, group };
}

/** All ways to write a number of workers as stages x tensor ranks x replicas. */
export function factorizations(workers: number): readonly ParallelSizes[] {
  const all: ParallelSizes[] = [];
  for (let pipeline = 1; pipeline <= workers; pipeline++)
    for (let tensor = 1; pipeline * tensor <= workers; tensor++)
      if (workers % (pipeline * tensor) === 0)
        all.push({ pipeline, tensor, replicas: workers / (pipeline * tensor) });
  return all;
}
