/**
 * The environments of many slots, each busy until some moment, whoever plays the platform. Numbers
 * side by side: with an object for each of ten thousand slots, going through them is most of what a
 * simulated round waits for.
 */
export class Environments {
  readonly countMax: number;
  /** `countMax` of each slot; not a number where there is none. */
  private readonly freeAtMs: number[];
  /** One bit an environment of a slot: it ends with its task. */
  private readonly doomed: number[];

  constructor(countMax: number, like?: Environments) {
    this.countMax = countMax;
    this.freeAtMs = like?.freeAtMs.slice() ?? [];
    this.doomed = like?.doomed.slice() ?? [];
  }

  /** The slot's most recently used idle one, else a new one where there may be one, or null. */
  find(slot: number, atMs: number): number | null {
    if (slot >= this.doomed.length) this.growTo(slot);
    const first = slot * this.countMax;
    let idle = -1;
    let vacant = -1;
    for (let i = this.countMax - 1; i >= 0; i--) {
      const freeMs = this.freeAtMs[first + i]!;
      if (freeMs > atMs) continue;
      const isGone = Number.isNaN(freeMs) || (this.doomed[slot]! & (1 << i)) !== 0;
      if (isGone) {
        this.freeAtMs[first + i] = Number.NaN;
        vacant = i;
      } else if (idle < 0 || freeMs >= this.freeAtMs[first + idle]!) idle = i;
    }
    if (idle >= 0) return idle;
    return vacant >= 0 ? vacant : null;
  }

  /** It starts for its task. */
  isNew(slot: number, environment: number): boolean {
    return Number.isNaN(this.freeAtMs[slot * this.countMax + environment]);
  }

  /** A doomed one ends with its task. */
  occupy(slot: number, environment: number, untilMs: number, isDoomed: boolean): void {
    if (slot >= this.doomed.length) this.growTo(slot);
    this.freeAtMs[slot * this.countMax + environment] = untilMs;
    const bit = 1 << environment;
    this.doomed[slot] = isDoomed ? this.doomed[slot]! | bit : this.doomed[slot]! & ~bit;
  }

  private growTo(slot: number): void {
    while (this.doomed.length <= slot) this.doomed.push(0);
    while (this.freeAtMs.length < this.doomed.length * this.countMax)
      this.freeAtMs.push(Number.NaN);
  }
}

/** One slot's, which can be copied to try on it what may not come about. */
export class SlotEnvironments {
  private readonly all: Environments;

  constructor(countMax: number, like?: SlotEnvironments) {
    this.all = new Environments(countMax, like?.all);
  }

  copy(): SlotEnvironments {
    return new SlotEnvironments(this.all.countMax, this);
  }

  find(atMs: number): number | null {
    return this.all.find(0, atMs);
  }

  isNew(environment: number): boolean {
    return this.all.isNew(0, environment);
  }

  occupy(environment: number, untilMs: number, isDoomed: boolean): void {
    this.all.occupy(0, environment, untilMs, isDoomed);
  }
}
