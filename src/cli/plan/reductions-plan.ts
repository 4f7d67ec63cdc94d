import type { ProposedPlan } from "../../planner/planner.ts";
import {
  formatBytes,
  formatCount,
  formatDollars,
  formatNumber,
  formatSeconds,
} from "../../report/format.ts";
import { table } from "../table.ts";

/** Who might add up a round's gradients, what that takes, and why the others lost. */
export function reductionsTable({ reductions }: ProposedPlan): string {
  const chosen = reductions.find(({ isChosen }) => isChosen)!;
  const rows = reductions.map((one) => {
    const { type, shards, fanIn } = one.reduction;
    const shape = { star: "star", tree: `tree of ${fanIn}`, scatter: `scatter, ${shards} shards` };
    const more = formatNumber(one.seconds / chosen.seconds, 2);
    const verdict = one.isChosen
      ? "chosen"
      : one.fits
        ? `${more} times as long`
        : "does not fit a function";
    return [
      shape[type],
      formatCount(one.functions),
      formatBytes(one.memoryBytes),
      formatBytes(one.bytesUp + one.bytesDown),
      formatSeconds(one.seconds),
      formatDollars(one.dollars),
      verdict,
    ];
  });
  return table(["adding up", "functions", "memory", "data", "time", "cost", ""], rows);
}
