import { adjacencyOf, type MechanismUse } from "../release.ts";

/** Releases that are equal but for how often they were made, counted together. */
export interface Group<R extends MechanismUse = MechanismUse> {
  readonly release: R;
  readonly count: number;
}

/**
 * A list of releases as groups of equal ones, in an order of its own: whatever is computed of the
 * groups depends on what was released, not on when. Batches that are drawn an epoch at once count
 * as whole epochs: one that was broken off tells no more. Throws where adjacencies differ.
 */
export function grouped(releases: readonly MechanismUse[]): readonly Group[] {
  adjacencyOf(releases);
  return counted(counted(releases.map((release) => ({ release, count: 1 }))).map(wholeEpochs));
}

function counted(groups: readonly Group[]): readonly Group[] {
  const all = new Map<string, { release: MechanismUse; count: number }>();
  for (const { release, count } of groups) {
    const key = JSON.stringify(alone(release), Object.keys(release).sort());
    const group = all.get(key) ?? { release: alone(release), count: 0 };
    group.count += count * timesOf(release);
    all.set(key, group);
  }
  return [...all.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** Steps of one draw are counted up to its end; which draw it was matters no more then. */
function wholeEpochs(group: Group): Group {
  const { release, count } = group;
  if (release.mechanism !== "dp-sgd" || release.epoch === undefined) return group;
  const { draw: _, ...rest } = release;
  return { release: rest, count: Math.ceil(count / release.epoch) * release.epoch };
}

/** How many releases of one kind this stands for. */
function timesOf(release: MechanismUse): number {
  if (release.mechanism === "dp-sgd") return release.steps;
  return release.mechanism === "sketch" ? 1 : release.times;
}

function alone(release: MechanismUse): MechanismUse {
  if (release.mechanism === "dp-sgd") return { ...release, steps: 1 };
  return release.mechanism === "sketch" ? release : { ...release, times: 1 };
}
