import type { WorkerRequest, WorkerTask } from "../tasks/protocol.ts";

/** What operations made of stored data, for as many slots as there are shards, of one data set. */
export interface MaterialCache {
  find(request: WorkerRequest): unknown;
  /** Before anything is loaded: two shards may not fit side by side. */
  makeRoom(request: WorkerRequest): void;
  keep(request: WorkerRequest, material: unknown): void;
  /** By slot; undefined where there is none. */
  all(encoded: string, operation: WorkerTask["operation"]): readonly unknown[];
  /** How often anything was kept. */
  readonly changes: number;
}

export function materialCache(slotsMax: number): MaterialCache {
  let current = "";
  let changes = 0;
  const slots = new Set<number>();
  /** By operation and slot; lists, as hashing takes longer than a small shard's work. */
  const made = new Map<string, unknown[]>();
  const forgetAll = (encoded: string) => {
    current = encoded;
    slots.clear();
    made.clear();
  };
  return {
    get changes() {
      return changes;
    },
    find: ({ encoded, task }) =>
      encoded === current ? made.get(task.operation)?.[task.slot] : undefined,
    makeRoom({ encoded, task: { slot } }) {
      if (encoded !== current) forgetAll(encoded);
      slots.add(slot);
      for (const old of slots) {
        if (slots.size <= slotsMax) break;
        slots.delete(old);
        for (const list of made.values()) list[old] = undefined;
      }
    },
    keep({ encoded, task: { operation, slot } }, material) {
      if (encoded !== current || !slots.has(slot)) return;
      const list = made.get(operation) ?? [];
      made.set(operation, list);
      list[slot] = material;
      changes++;
    },
    all: (encoded, operation) => (encoded === current ? (made.get(operation) ?? []) : []),
  };
}
