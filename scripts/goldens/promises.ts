import { partRun, wholeRun } from "./golden.ts";

/** What checkpoints, recordings and stores hold by name, so that no name may change unnoticed. */
export interface Promises {
  readonly messagesVersion: number;
  /** Of seeded draws: `randomFrom` and `fork` with the text they are given. */
  readonly labels: readonly string[];
  /** Every key and prefix of the store's layout, also those that no golden has. */
  readonly layout: readonly string[];
  /** By golden. */
  readonly goldens: Readonly<Record<string, GoldenPromises>>;
}

export interface GoldenPromises {
  readonly strategy: string;
  readonly stateVersion: number;
  readonly state: readonly string[];
  /** Operations of tasks, with their fields, and those of their replies. */
  readonly tasks: readonly string[];
  readonly replies: readonly string[];
  /** Names of tasks, numbers as N: retries and weather hang on them, and a replay finds them so. */
  readonly taskNames: readonly string[];
  readonly keys: readonly string[];
}

/** Which promise a name that is gone breaks, and what to do instead. */
export const broken: Readonly<
  Record<Exclude<keyof GoldenPromises, "strategy" | "stateVersion">, string>
> = {
  state: "checkpoints hold this field: raise the strategy's stateVersion and migrate older ones",
  tasks: "workers are asked by this: raise messagesVersion, and answer the last version too",
  replies: "orchestrators read this: raise messagesVersion, and answer the last version too",
  taskNames: "recordings find tasks by this name, and retries and weather are drawn by it",
  keys: "stores hold objects under this key, and roles name its prefix",
};

export const labelWhy = "draws of every seed hang on this label";

/** Every promise that the code no longer keeps, in words, and every name that is not listed. */
export function breaches(promised: Promises, now: Promises): string[] {
  const found = [
    ...changes("labels", promised.labels, now.labels, labelWhy),
    ...changes("layout", promised.layout, now.layout, broken.keys),
  ];
  for (const [name, kept] of Object.entries(promised.goldens)) {
    const present = now.goldens[name];
    if (present === undefined) {
      found.push(`${name}: it is not there any more`);
      continue;
    }
    for (const [what, why] of Object.entries(broken)) {
      const of = what as keyof typeof broken;
      if (of === "state" && kept.stateVersion !== present.stateVersion) continue;
      if ((of === "tasks" || of === "replies") && promised.messagesVersion !== now.messagesVersion)
        continue;
      found.push(...changes(`${name}: ${of}`, kept[of], present[of], why));
    }
  }
  return found;
}

/** Of breaches, those that lose a name; the others only add one. */
export function losses(found: readonly string[]): string[] {
  return found.filter((text) => !/ is new: /.test(text));
}

function changes(
  what: string,
  before: readonly string[],
  now: readonly string[],
  why: string,
): string[] {
  return [
    ...before.filter((one) => !now.includes(one)).map((one) => `${what}: ${one} is gone: ${why}`),
    ...now
      .filter((one) => !before.includes(one))
      .map((one) => `${what}: ${one} is new: node scripts/write-goldens.ts --promises lists it`),
  ];
}

/** The fields below a value, as paths; `[]` is any item, N any number among the keys. */
export function fieldsOf(value: unknown, path = "", found = new Set<string>()): Set<string> {
  if (ArrayBuffer.isView(value)) found.add(`${path} ${value.constructor.name}`);
  else if (Array.isArray(value)) for (const item of value) fieldsOf(item, `${path}[]`, found);
  else if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const name = /^\d+$/.test(key) ? "N" : key;
      const inner = path === "" ? name : `${path}.${name}`;
      found.add(inner);
      fieldsOf(item, inner, found);
    }
  return found;
}

/** Keys and names with what differs from run to run replaced. */
export function pattern(name: string): string {
  return name
    .replace(/[0-9a-f]{64}/g, "DIGEST")
    .replace(new RegExp(`^(runs|secrets)/(${wholeRun}|${partRun})/`), "$1/RUN/")
    .replace(/\d+/g, "N");
}

/**
 * Labels in these source texts, the second use of one as `label#2`; those that are put together
 * elsewhere are not seen.
 */
export function labelsIn(texts: Iterable<string>): string[] {
  const uses = new Map<string, number>();
  const found: string[] = [];
  for (const text of texts)
    for (const [, written] of text.matchAll(/\b(?:randomFrom|fork)\(\s*(`[^`]*`|"[^"]*")/g)) {
      const label = written!.replace(/\$\{[^}]*\}/g, "*").slice(1, -1);
      const use = (uses.get(label) ?? 0) + 1;
      uses.set(label, use);
      found.push(use === 1 ? label : `${label}#${use}`);
    }
  return found.sort();
}
