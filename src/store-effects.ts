import { type PrefixName, prefixes } from "./store-layout.ts";

/** A deployed function, under whose role the store is touched. */
export type StoreRole = "worker" | "networkWorker" | "orchestrator" | "preparer";

/** What one part of kofn does to the store: a role is allowed what its parts declare. */
export interface Effects {
  readonly roles: readonly StoreRole[];
  /** Reading includes listing: whoever may not list a key is not told that it is absent. */
  readonly reads?: readonly PrefixName[];
  readonly lists?: readonly PrefixName[];
  readonly writes?: readonly PrefixName[];
  readonly removes?: readonly PrefixName[];
}

/** What the end of a run removes. */
export interface CleanUp {
  /** Of no use to whoever goes on with the run. */
  readonly atStop?: readonly PrefixName[];
  /** Of use until the run is done. */
  readonly whenDone?: readonly PrefixName[];
}

/** Both kinds of worker: any task may be asked of either. */
export const workerRoles: readonly StoreRole[] = ["worker", "networkWorker"];

/** What a role may do with objects, by patterns of keys. */
export interface Permissions {
  readonly read: readonly string[];
  readonly list: readonly string[];
  readonly write: readonly string[];
  /** An upload in parts, which only what may be large is. */
  readonly abort: readonly string[];
  readonly remove: readonly string[];
}

/** What a role needs for all these effects, in the order of the store's layout. */
export function permissionsOf(role: StoreRole, effects: readonly Effects[]): Permissions {
  const own = effects.filter(({ roles }) => roles.includes(role));
  const all = (verb: "reads" | "lists" | "writes" | "removes") =>
    own.flatMap((one) => one[verb] ?? []);
  const large = all("writes").filter((name) => "mayBeLarge" in prefixes[name]);
  return {
    read: patternsOf(all("reads")),
    list: patternsOf([...all("reads"), ...all("lists")]),
    write: patternsOf(all("writes")),
    abort: patternsOf(large),
    remove: patternsOf(all("removes")),
  };
}

/** Without those that another one covers. */
function patternsOf(names: readonly PrefixName[]): string[] {
  const wanted = new Set(names);
  const patterns = Object.entries(prefixes)
    .filter(([name]) => wanted.has(name as PrefixName))
    .map(([, { pattern }]) => pattern);
  return patterns.filter((one) => patterns.every((other) => other === one || !covers(other, one)));
}

function covers(wide: string, narrow: string): boolean {
  return wide.endsWith("*") && narrow.startsWith(wide.slice(0, -1));
}
