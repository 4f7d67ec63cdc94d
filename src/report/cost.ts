import type { ArrivalEvent, ArrivalsEvent } from "../ports/events.ts";
import type { ReplyFates } from "./data.ts";

/** What replies were and cost, told one by one or in sums. */
export interface ReplyCosts {
  readonly fates: ReplyFates;
  readonly usedUsd: number;
  readonly unusedUsd: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly coldStarts: number;
}

export function replyCosts(
  arrivals: readonly ArrivalEvent[],
  sums: readonly ArrivalsEvent[],
): ReplyCosts {
  const fates = { counted: 0, late: 0, lost: 0 };
  const so = { usedUsd: 0, unusedUsd: 0, bytesUp: 0, bytesDown: 0, coldStarts: 0 };
  for (const { fate, usage } of arrivals) {
    fates[fate]++;
    so[fate === "counted" ? "usedUsd" : "unusedUsd"] += usage.costUsd;
    so.bytesUp += usage.bytesUp;
    so.bytesDown += usage.bytesDown;
    if (usage.coldStart) so.coldStarts++;
  }
  for (const { used, unused, ...sum } of sums) {
    fates.counted += sum.counted;
    fates.late += sum.late;
    fates.lost += sum.lost;
    so.usedUsd += used.costUsd;
    so.unusedUsd += unused.costUsd;
    so.bytesUp += used.bytesUp + unused.bytesUp;
    so.bytesDown += used.bytesDown + unused.bytesDown;
    so.coldStarts += sum.coldStarts;
  }
  return { fates, ...so };
}
