import type { Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { handOver } from "../hand-over.ts";
import { type Course, type Trained, trained } from "./train.ts";

/** A method in the contest: its trials are all rates with all settings, as many for each. */
interface Entry {
  readonly type: string;
  readonly schedule?: "warm-up" | "warm-up, cosine";
  readonly rates: readonly number[];
  readonly settings: readonly object[];
}

const rates = [0.001, 0.003, 0.01, 0.03];
const betas = [
  { beta1: 0.9, beta2: 0.999 },
  { beta1: 0.95, beta2: 0.99 },
];
const hyperRates = [{ hyperLearningRate: 0.0025 }, { hyperLearningRate: 0.00025 }];

/** At the defaults and at one other setting. */
const entries: readonly Entry[] = [
  { type: "adam", rates, settings: betas },
  {
    type: "lion",
    rates: rates.map((rate) => rate / 10),
    settings: [
      { beta1: 0.9, beta2: 0.99 },
      { beta1: 0.95, beta2: 0.98 },
    ],
  },
  {
    type: "adan",
    rates,
    settings: [
      { beta1: 0.98, beta2: 0.92 },
      { beta1: 0.9, beta2: 0.9 },
    ],
  },
  { type: "yogi", rates, settings: betas },
  { type: "avgrad", rates, settings: [{ beta1: 0.9, beta2: 0.95 }, betas[1]!] },
  { type: "mada", rates, settings: hyperRates },
  { type: "mada", schedule: "warm-up, cosine", rates, settings: hyperRates },
  { type: "nadamw", schedule: "warm-up, cosine", rates, settings: betas },
  { type: "schedule-free", schedule: "warm-up", rates, settings: betas },
];

/** The start of the trials, and others. */
const seeds = ["mada", "mada again", "mada once more"];

interface Trial {
  readonly chosen: { readonly type: string; readonly learningRate: number };
  readonly loss: number;
  readonly end: Trained;
}

/**
 * Every method tuned over the same budget: the same number of trials from one start over the same
 * minibatches, the best of them by the windows to choose by. It is trained again from two other
 * starts, over other minibatches, and all three are judged by windows that nothing was chosen by.
 */
export function tune(course: Course, only: readonly string[] | undefined): void {
  const table: object[] = [];
  const lines: string[] = [];
  for (const entry of entries.filter(({ type }) => only?.includes(type) ?? true)) {
    const trials = trialsOf(entry, course.steps).map((chosen): Trial => {
      const end = trained(course, stepper(chosen), seeds[0]);
      const loss = finite(end.lossOver("choice"));
      console.log(`  ${loss.toFixed(4)}  ${JSON.stringify(chosen)}`);
      return { chosen, loss, end };
    });
    const sorted = trials.toSorted((a, b) => a.loss - b.loss);
    const { chosen, loss, end } = sorted[0]!;
    const others = seeds.slice(1).map((seed) => trained(course, stepper(chosen), seed));
    const judged = [end, ...others].map((one) => finite(one.lossOver("test")));
    const name = [entry.type, entry.schedule].filter((part) => part !== undefined).join(", ");
    const half = sorted.length / 2;
    const median = (sorted[half - 1]!.loss + sorted[half]!.loss) / 2;
    lines.push(line(name, judged, loss, median, settingOf(chosen)));
    table.push({ name, chosen, judged, losses: trials.map(({ loss: one }) => one) });
    console.log(lines.at(-1));
  }
  console.log(`\n${heading}`);
  for (const one of lines) console.log(one);
  const { steps, batch } = course;
  handOver({ bench: "mada tuned", steps, batch, seeds: seeds.length, table });
}

function trialsOf({ type, schedule, rates: own, settings }: Entry, steps: number) {
  const warmUp = Math.round(steps / 10);
  const paced = {
    "warm-up": { schedule: { warmUp } },
    "warm-up, cosine": { schedule: { type: "cosine", warmUp, steps } },
  };
  const more = schedule === undefined ? {} : paced[schedule];
  return own.flatMap((learningRate) =>
    settings.map((setting) => ({ type, learningRate, ...setting, ...more })),
  );
}

function stepper(chosen: Trial["chosen"]): Stepper {
  return optimizers.create(chosen) as Stepper;
}

/** What diverged is last. */
function finite(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
}

const heading =
  "optimizer                test: mean     least      most   choice: best    median   chosen";

function line(
  name: string,
  judged: readonly number[],
  best: number,
  median: number,
  setting: string,
): string {
  const mean = judged.reduce((sum, one) => sum + one, 0) / judged.length;
  const [a, b, c] = [mean, Math.min(...judged), Math.max(...judged)].map(cell);
  return `${name.padEnd(25)}${a}${b}${c}     ${cell(best)}${cell(median)}   ${setting}`;
}

function cell(loss: number): string {
  return loss.toFixed(4).padStart(10);
}

function settingOf({ type: _, learningRate, ...rest }: Trial["chosen"]): string {
  const numbers = Object.entries(rest).filter(([, value]) => typeof value === "number");
  return [["rate", learningRate], ...numbers].map((pair) => pair.join(" ")).join(", ");
}
