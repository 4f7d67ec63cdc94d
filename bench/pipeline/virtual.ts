import { computeUsd, functions, gbSeconds, prices } from "../../src/limits.ts";
import {
  makeSchedule,
  type ScheduleName,
  scheduleNames,
  straightPipeline,
} from "../../src/model-parallel/schedule.ts";
import { simulateSchedule } from "../../src/model-parallel/simulate-schedule.ts";
import { simulatedTorch } from "./torch.ts";

interface Times {
  readonly forward: number;
  readonly backward: number;
  readonly hop: number;
}

const settings = [
  [2, 4],
  [4, 8],
  [4, 16],
  [8, 32],
] as const;
const { memoryMb, architecture } = functions.worker;
/** Of what a stage hands on for a microbatch. */
const hopBytes = 256 * 1024;

function timelineOf(name: ScheduleName, stages: number, microbatches: number, times: Times) {
  const schedule = makeSchedule(straightPipeline(stages), { name, microbatches });
  const timeline = simulateSchedule(schedule, {
    forward: () => times.forward,
    backward: () => times.backward,
    hop: () => times.hop,
  });
  if ("deadlock" in timeline) throw new Error("a schedule of ours ends");
  return timeline;
}

/** Each schedule beside (m + p - 1)(f + b) and the hops, torch's orders after it. */
export function printSchedules(times: Times): void {
  console.log(
    "schedule     stages  microbatches  makespan  of formula  bubble  peak  billed     bytes   " +
      "step $      resident $",
  );
  for (const [stages, microbatches] of settings)
    for (const name of scheduleNames) {
      const { makespan, bubble, peakInFlight, billed } = timelineOf(
        ...([name, stages, microbatches, times] as const),
      );
      const ways = microbatches + stages - 1;
      const both = times.forward + times.backward;
      const formula = ways * both + 2 * (stages - 1) * times.hop;
      const usd = (ms: number) =>
        computeUsd(gbSeconds(ms, memoryMb), architecture) +
        2 * stages * microbatches * prices.usdPerRequest;
      // Activations up and slopes down, written and read.
      const bytes = 4 * (stages - 1) * microbatches * hopBytes;
      const cells = [
        name.padEnd(11),
        String(stages).padStart(7),
        String(microbatches).padStart(13),
        `${makespan} ms`.padStart(9),
        (makespan / formula).toFixed(3).padStart(11),
        bubble.toFixed(4).padStart(7),
        String(Math.max(...peakInFlight)).padStart(5),
        `${billed} ms`.padStart(8),
        `${(bytes / 1e6).toFixed(1)} MB`.padStart(9),
        usd(billed).toFixed(6).padStart(9),
        usd(makespan * stages)
          .toFixed(6)
          .padStart(12),
      ];
      console.log(cells.join(" "));
    }
  console.log("torch's orders, same times:  makespan  bubble");
  for (const [stages, microbatches] of settings)
    for (const { name, makespan, bubble } of simulatedTorch(stages, microbatches, times))
      console.log(
        `${name.padEnd(8)} ${stages} stages, ${String(microbatches).padStart(2)}` +
          `${`${makespan} ms`.padStart(16)} ${bubble.toFixed(4).padStart(7)}`,
      );
}

/** Four stages beside one worker, which has no way to go. */
export function printOneWorker(times: Times): void {
  const [stages, microbatches] = [4, 16];
  const oneMs = (backward: number) => stages * microbatches * (times.forward + backward);
  const short = times.backward - times.forward;
  for (const [how, backward] of [
    ["computed again", times.backward],
    ["kept", short],
  ] as const) {
    const { makespan } = timelineOf("1f1b", stages, microbatches, { ...times, backward });
    const of = (oneBackward: number) => (makespan / oneMs(oneBackward)).toFixed(3);
    console.log(
      `forward passes ${how}: ${makespan} ms, ${of(times.backward)} of one worker that computes ` +
        `them again, ${of(short)} of one that keeps them`,
    );
  }
}
