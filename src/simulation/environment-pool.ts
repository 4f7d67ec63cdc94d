/** Simulated environments, some a slot, each busy until some moment. They are known by numbers. */
export interface EnvironmentPool {
  readonly perSlotMax: number;
  /** The most recently used idle environment, or a new one while the slot may have one more. */
  find(slot: number, atMs: number): number | null;
  /** It has never been busy. */
  isNew(environment: number): boolean;
  occupy(environment: number, untilMs: number): void;
  remove(environment: number): void;
}

const slotsFirst = 64;

export function environmentPool(perSlotMax: number): EnvironmentPool {
  // Times until which environments are busy, those of a slot side by side; NaN for none.
  let freeAtMs = new Float64Array(slotsFirst * perSlotMax).fill(Number.NaN);
  return {
    perSlotMax,
    find(slot, atMs) {
      const first = slot * perSlotMax;
      const end = first + perSlotMax;
      if (end > freeAtMs.length) freeAtMs = grown(freeAtMs, end);
      let idle = -1;
      let vacant = -1;
      for (let at = first; at < end; at++) {
        const freeMs = freeAtMs[at]!;
        if (Number.isNaN(freeMs)) vacant = at;
        else if (freeMs <= atMs && (idle < 0 || freeMs > freeAtMs[idle]!)) idle = at;
      }
      if (idle >= 0) return idle;
      return vacant < 0 ? null : vacant;
    },
    isNew: (environment) => Number.isNaN(freeAtMs[environment]!),
    occupy(environment, untilMs) {
      freeAtMs[environment] = untilMs;
    },
    remove(environment) {
      freeAtMs[environment] = Number.NaN;
    },
  };
}

function grown(values: Float64Array, lengthMin: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(2 * values.length, lengthMin)).fill(Number.NaN);
  larger.set(values);
  return larger;
}
