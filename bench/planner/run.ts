import { handOver } from "../hand-over.ts";
import { cellsOf, gridSpec as spec } from "./grid.ts";
import { inHindsight, type Verdict } from "./hindsight.ts";

/**
 * Plans a ridge regression over a grid of workers, computing times and kinds of lateness, and holds
 * each choice against the best setting in futures that the plan never saw: all settings that could
 * be better are simulated in the same futures. Where one of them seems to be better by more than
 * 2 %, eight times as many futures decide: one more round of five is 20 % of the time, so that the
 * means of 32 are known to 2 %, and the best of several equals would be the luckiest.
 * `-- planner quick` takes a corner of the grid; a number, as in `-- planner quick 8`, is that of
 * the futures.
 */
const isQuick = process.argv.includes("quick");
const futures = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 32);
console.log(
  "lateness        workers  compute  chosen                               to loss      best" +
    "     plain  over best  forecast s, $",
);
const verdicts: Verdict[] = [];
for (const cell of cellsOf(isQuick)) {
  const verdict = await inHindsight({ spec, cell, futures });
  verdicts.push(verdict);
  console.log(lineOf(verdict));
}
const share = (holds: (one: Verdict) => boolean) =>
  `${verdicts.filter(holds).length} of ${verdicts.length}`;
const within = (ratio: number, part: number) => Math.abs(ratio - 1) <= part;
const summary = {
  withinFivePercentOfBest: share((one) => one.chosenSeconds <= 1.05 * one.bestSeconds),
  noSlowerThanPlain: share((one) => one.chosenSeconds <= 1.01 * one.plainSeconds),
  secondsWithinTenPercent: share((one) => within(one.secondsRatio, 0.1)),
  dollarsWithinTenPercent: share((one) => within(one.dollarsRatio, 0.1)),
  worstOverBest: Math.max(...verdicts.map((one) => one.chosenSeconds / one.bestSeconds)),
  worstOverPlain: Math.max(...verdicts.map((one) => one.chosenSeconds / one.plainSeconds)),
  doubtful: `${verdicts.filter((one) => one.futures > futures).length} decided by more futures`,
  planMsMedian: verdicts.map(({ planMs }) => planMs).sort((a, b) => a - b)[verdicts.length >> 1],
};
console.log(summary);
handOver({ bench: "planner", futures, summary, verdicts });

function lineOf(one: Verdict): string {
  const over = 100 * (one.chosenSeconds / one.bestSeconds - 1);
  return [
    one.weather.model.padEnd(15),
    String(one.workers).padStart(7),
    `${one.computeSeconds} s`.padStart(8),
    ` ${one.chosen.padEnd(35)}`,
    `${one.chosenSeconds.toPrecision(4)} s`.padStart(9),
    one.bestSeconds.toPrecision(4).padStart(9),
    one.plainSeconds.toPrecision(4).padStart(9),
    `${over.toFixed(1)} %`.padStart(10),
    `${one.secondsRatio.toFixed(3)} ${one.dollarsRatio.toFixed(3)}`.padStart(13),
    over > 5 ? `  best: ${one.best}` : "",
  ].join(" ");
}
