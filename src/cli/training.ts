import { RunError } from "../core/errors.ts";
import { configurationInWords } from "../planner/configuration.ts";
import type { Watchers } from "../platform/training/create-run.ts";
import { formatDollars, formatSeconds } from "../report/format.ts";
import type { Orchestrated } from "../run/orchestrate.ts";
import { optimizerInWords } from "../run/usual-rate.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { type ProgressView, progressView } from "./progress.ts";
import { interrupts, printJson, type Terminal } from "./terminal.ts";

export interface TrainCommandOptions {
  readonly run: string;
  readonly spec: RunSpec;
  readonly json: boolean;
  /** A prefix of progress lines, where several runs follow each other. */
  readonly label?: string;
}

/** Trains with progress, with events as JSON lines if requested, and stops at Ctrl-C. */
export async function trainWithProgress(
  about: TrainCommandOptions,
  terminal: Terminal,
  train: (watchers: Watchers) => Promise<Orchestrated>,
): Promise<Orchestrated> {
  const stop = interrupts(terminal, `saving ${about.run}`);
  const bar = progressView(terminal, about.spec.stop, labelled(about));
  try {
    return await train(watching(about, terminal, bar, stop.signal));
  } finally {
    bar.close();
    stop.close();
  }
}

function labelled({ label }: TrainCommandOptions): { readonly label?: string } {
  return label === undefined ? {} : { label };
}

function watching(
  { json, run }: TrainCommandOptions,
  terminal: Terminal,
  bar: ProgressView,
  signal: AbortSignal,
): Watchers {
  let isFirst = true;
  return {
    signal,
    onPhase(what, done, total) {
      if (signal.aborted) {
        throw new RunError("interrupted", "interrupted before training began", {
          hint: "nothing was lost: start it again",
        });
      }
      bar.onPhase(what, done, total);
    },
    onPlan(plan) {
      const { setting } = plan.choice.chosen;
      const { seconds, dollars } = plan.figures;
      const figures = `${formatSeconds(seconds)}, ${formatDollars(dollars)}`;
      terminal.err(`planned: ${configurationInWords(plan.spec, setting)}; forecast ${figures}`);
      if (json) printJson(terminal, { type: "planned", run, ...setting, seconds, dollars });
    },
    onNote: (text) => terminal.err(`note: ${text}`),
    onSettled({ spec }) {
      terminal.err(`optimizer: ${optimizerInWords(spec.optimizer)}, to fit the data`);
    },
    listen(event) {
      bar.listen(event);
      // The result comes last, with the reason why the run stopped.
      if (!json || event.type === "result") return;
      printJson(terminal, isFirst ? { ...event, run } : event);
      isFirst = false;
    },
  };
}
