import { adjacencyOf, type MechanismUse } from "../release.ts";

/** Releases that are equal but for how often they were made, counted together. */
export interface Group<R extends MechanismUse = MechanismUse> {
  readonly release: R;
  readonly count: number;
}

/**
 * A list of releases as groups of equal ones, in an order of its own: whatever is computed of the
 * groups depends on what was released, not on when. Throws where adjacencies differ.
 */
export function grouped(releases: readonly MechanismUse[]): readonly Group[] {
  adjacencyOf(releases);
  const groups = new Map<string, { release: MechanismUse; count: number }>();
  for (const release of releases) {
    const key = JSON.stringify(alone(release), Object.keys(release).sort());
    const group = groups.get(key) ?? { release: alone(release), count: 0 };
    group.count += timesOf(release);
    groups.set(key, group);
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
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
