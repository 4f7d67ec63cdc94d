/**
 * One slot's environments, each busy until some moment, whoever plays the platform: known by
 * numbers, as a simulation has them by the ten thousand.
 */
export class SlotEnvironments {
  readonly countMax: number;
  /** Not a number where there is none. */
  private readonly freeAtMs: number[];
  private readonly areDoomed: boolean[];

  constructor(countMax: number, like?: SlotEnvironments) {
    this.countMax = countMax;
    this.freeAtMs = like?.freeAtMs.slice() ?? [];
    this.areDoomed = like?.areDoomed.slice() ?? [];
  }

  /** The same state, to try on it what may not come about. */
  copy(): SlotEnvironments {
    return new SlotEnvironments(this.countMax, this);
  }

  /** The most recently used idle one, else a new one while there may be one more, else null. */
  find(atMs: number): number | null {
    let idle = -1;
    let vacant = -1;
    for (let i = 0; i < this.freeAtMs.length; i++) {
      const freeMs = this.freeAtMs[i]!;
      if (freeMs > atMs) continue;
      if (this.areDoomed[i]) this.freeAtMs[i] = Number.NaN;
      if (Number.isNaN(this.freeAtMs[i])) vacant = i;
      else if (idle < 0 || freeMs > this.freeAtMs[idle]!) idle = i;
    }
    if (idle >= 0) return idle;
    if (vacant >= 0) return vacant;
    return this.freeAtMs.length < this.countMax ? this.freeAtMs.length : null;
  }

  /** It starts for its task. */
  isNew(environment: number): boolean {
    return environment === this.freeAtMs.length || Number.isNaN(this.freeAtMs[environment]);
  }

  /** A doomed one ends with its task. */
  occupy(environment: number, untilMs: number, isDoomed: boolean): void {
    this.freeAtMs[environment] = untilMs;
    this.areDoomed[environment] = isDoomed;
  }
}
