import type { MechanismUse } from "../release.ts";

/** Releases added up: equal ones count together, as accountants take them anyway. */
export class Tally {
  private readonly groups = new Map<string, MechanismUse>();
  /** What cannot be told by a number of times. */
  private readonly single: MechanismUse[] = [];

  add(release: MechanismUse): void {
    const name = nameOf(release);
    if (name === null) this.single.push(release);
    else this.groups.set(name, together(this.groups.get(name), release));
  }

  /** With one more, where that is asked: as many as there are kinds, not as there were releases. */
  releases(more?: MechanismUse): readonly MechanismUse[] {
    const name = more === undefined ? null : nameOf(more);
    if (more === undefined) return [...this.groups.values(), ...this.single];
    if (name === null) return [...this.groups.values(), ...this.single, more];
    const groups = new Map(this.groups);
    groups.set(name, together(groups.get(name), more));
    return [...groups.values(), ...this.single];
  }
}

/** What all equal releases have in common; null for one that stands for itself. */
function nameOf(release: MechanismUse): string | null {
  if (release.mechanism === "sketch") return null;
  const counted = release.mechanism === "dp-sgd" ? { steps: 1 } : { times: 1 };
  const entries = Object.entries({ ...release, ...counted });
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function together(before: MechanismUse | undefined, one: MechanismUse): MechanismUse {
  if (before === undefined) return one;
  if (before.mechanism === "dp-sgd" && one.mechanism === "dp-sgd")
    return { ...before, steps: before.steps + one.steps };
  if ("times" in before && "times" in one) return { ...before, times: before.times + one.times };
  return one;
}
