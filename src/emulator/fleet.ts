/** Simulated environments, some a slot, each busy until some moment. */
export interface Fleet {
  readonly perSlotMax: number;
  /** The most recently used idle environment, or a new one while the slot may have one more. */
  find(slot: number, atMs: number): { environment: Environment; isCold: boolean } | null;
  remove(slot: number, environment: Environment): void;
}

export interface Environment {
  freeAtMs: number;
}

export function fleet(perSlotMax: number): Fleet {
  const slots = new Map<number, Environment[]>();
  return {
    perSlotMax,
    find(slot, atMs) {
      let all = slots.get(slot);
      if (all === undefined) {
        all = [];
        slots.set(slot, all);
      }
      let idle: Environment | null = null;
      for (const one of all)
        if (one.freeAtMs <= atMs && (idle === null || one.freeAtMs > idle.freeAtMs)) idle = one;
      if (idle !== null) return { environment: idle, isCold: false };
      if (all.length >= perSlotMax) return null;
      const environment = { freeAtMs: 0 };
      all.push(environment);
      return { environment, isCold: true };
    },
    remove(slot, environment) {
      const all = slots.get(slot) ?? [];
      const at = all.indexOf(environment);
      if (at >= 0) all.splice(at, 1);
    },
  };
}
