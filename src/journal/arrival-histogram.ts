import { noUsage, type Usage } from "../ports/compute.ts";
import type {
  ArrivalEvent,
  ArrivalSummary,
  RoundEvent,
  RunEvent,
  UsageSum,
} from "../ports/events.ts";

/** Times are recorded as powers of this, to a hundredth: half a percent of the time itself. */
const timeBase = 1.01;
const timeMsMin = 0.1;
const logTimeBase = Math.log(timeBase);

/** Adds up replies that are too many for an event each. */
export interface ArrivalHistogram {
  /** True where it added the reply to its sums; false where the reply needs its own event. */
  add(event: ArrivalEvent): boolean;
  /** The event of a round, with only those of its slots that have events of their own. */
  round(event: RoundEvent): RoundEvent;
  /** What came since the last time, or null for nothing. */
  flush(atMs: number): ArrivalSummary | null;
}

/** Replies of slots below `slotsTold` have an event each. */
export function arrivalHistogram(slotsTold: number): ArrivalHistogram {
  const saved = savings();
  let sums = fresh();
  return {
    add(event) {
      const { fate, usage, atMs, startedMs } = event;
      if (fate === "late") sums.savedMs += saved.by(startedMs, atMs);
      if (event.slot < slotsTold) return false;
      sums[fate]++;
      if (usage.coldStart) sums.coldStarts++;
      addUsage(fate === "counted" ? sums.used : sums.unused, usage);
      if (fate === "lost") increase(sums.losses, anonymous(event.reason ?? "no reply"));
      else sums.took.add(powerOf(atMs - startedMs));
      return true;
    },
    round(event) {
      saved.round(event);
      return { ...event, counted: event.counted.filter((slot) => slot < slotsTold) };
    },
    flush(atMs) {
      const { counted, late, lost } = sums;
      if (counted + late + lost === 0 && sums.savedMs === 0) return null;
      const event: ArrivalSummary = {
        type: "arrivals",
        ...sums,
        atMs,
        took: sums.took.pairs(),
        losses: Object.fromEntries(sums.losses),
      };
      sums = fresh();
      return event;
    },
  };
}

/** Passes events on, with sums in place of most replies where there are sums. */
export function summarizingArrivals(
  sums: ArrivalHistogram | null,
  pass: (event: RunEvent) => void,
) {
  const flush = (atMs: number) => {
    const summary = sums?.flush(atMs) ?? null;
    if (summary !== null) pass(summary);
  };
  return {
    flush,
    tell(event: RunEvent) {
      if (event.type === "arrival" && sums?.add(event) === true) return;
      if (event.type === "round" || event.type === "stopped") flush(event.atMs);
      pass(event.type === "round" && sums !== null ? sums.round(event) : event);
    },
  };
}

function fresh() {
  return {
    counted: 0,
    late: 0,
    lost: 0,
    coldStarts: 0,
    used: { ...noSum },
    unused: { ...noSum },
    savedMs: 0,
    timeBase,
    took: new PowerCounts(),
    losses: new Map<string, number>(),
  };
}

/** How often each power came, side by side: going through a map would be most of a reply's time. */
class PowerCounts {
  private readonly counts: number[] = [];

  add(power: number): void {
    const at = power - powerMin;
    while (this.counts.length <= at) this.counts.push(0);
    this.counts[at]!++;
  }

  /** Every power that came and how often, ascending, one after the other. */
  pairs(): number[] {
    return this.counts.flatMap((count, at) => (count === 0 ? [] : [at + powerMin, count]));
  }
}

const { coldStart: _, ...noSum } = noUsage;

function addUsage(sum: { -readonly [Key in keyof UsageSum]: number }, usage: Usage): void {
  sum.billedMs += usage.billedMs;
  sum.bytesDown += usage.bytesDown;
  sum.bytesUp += usage.bytesUp;
  sum.costUsd += usage.costUsd;
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const powerMin = powerOf(timeMsMin);

function powerOf(ms: number): number {
  return Math.round(Math.log(Math.max(timeMsMin, ms)) / logTimeBase);
}

/** Thousands of slots with the same trouble are one reason. */
function anonymous(reason: string): string {
  return reason.includes("slot ") ? reason.replace(/\bslot \d+/, "a slot") : reason;
}

/** How much later rounds would have ended had they waited for everybody. */
function savings() {
  const startsMs: number[] = [];
  const endsMs: number[] = [];
  const worstMs: number[] = [];
  return {
    round({ startedMs, atMs }: RoundEvent) {
      startsMs.push(startedMs);
      endsMs.push(atMs);
      worstMs.push(0);
    },
    /** What this late reply adds to it. */
    by(startedMs: number, atMs: number): number {
      // Late replies are mostly late by a round.
      let round = startsMs.length - 1;
      while (round >= 0 && startsMs[round]! > startedMs) round--;
      if (round < 0 || endsMs[round]! < startedMs) return 0;
      const before = worstMs[round]!;
      worstMs[round] = Math.max(before, atMs - endsMs[round]!);
      return worstMs[round]! - before;
    },
  };
}
