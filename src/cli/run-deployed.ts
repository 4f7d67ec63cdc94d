import { RunError } from "../core/errors.ts";
import type { RunRecord } from "../journal/run-record.ts";
import { orchestrationUsd } from "../platform/billing/run-bill.ts";
import {
  adoptDeployed,
  orchestrateRemote,
  startRemote,
} from "../platform/training/start-remote.ts";
import type { RunForecast } from "../ports/events.ts";
import { formatDollars, formatSeconds } from "../report/format.ts";
import { optimizerInWords } from "../run/usual-rate.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { progressView } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { watch } from "./watch.ts";

interface Options {
  readonly json?: boolean;
  /** Opens the page, once it is watched. */
  readonly ui?: boolean;
  /** Goes on with the functions that are deployed now. */
  readonly newest?: boolean;
}

/**
 * `kofn run SPEC --stage NAME`: stages the data in the stage's bucket, starts its orchestrator and
 * watches. Ctrl-C ends the watching, not the run.
 */
export async function runDeployed(
  about: { readonly run: string; readonly spec: RunSpec; readonly stage: string },
  options: Options,
  terminal: Terminal,
): Promise<number> {
  const { stage, spec } = about;
  terminal.err(`run ${terminal.paint.bold(about.run)} (stage ${stage})`);
  const bar = progressView(terminal, spec.stop);
  try {
    const record = await startRemote(about, {
      onPhase: bar.onPhase,
      onNote: (text) => terminal.err(`note: ${text}`),
    });
    const { forecast } = record;
    if (record.spec.optimizer.learningRate !== undefined)
      terminal.err(`optimizer: ${optimizerInWords(record.spec.optimizer)}`);
    if (forecast !== undefined) terminal.err(costInWords(forecast));
  } finally {
    bar.close();
  }
  terminal.err(
    `started; it goes on without this terminal: kofn watch ${about.run} --stage ${stage}`,
  );
  return watch(about.run, options, terminal);
}

/** What it is expected to cost, before it has. */
function costInWords(forecast: RunForecast): string {
  const { seconds, dollars } = forecast;
  return (
    `forecast: ${formatSeconds(seconds)}, ${formatDollars(dollars)} for the workers and ` +
    `${formatDollars(orchestrationUsd(forecast))} for the orchestrator and the store`
  );
}

/** `kofn resume RUN --stage NAME`. */
export async function resumeDeployed(
  record: RunRecord,
  stage: string,
  options: Options,
  terminal: Terminal,
): Promise<number> {
  if (record.backend !== `aws:${stage}`) {
    throw new RunError("other-backend", `${record.run} was not started in stage ${stage}`, {
      hint: `it ran on ${record.backend}`,
    });
  }
  const taken = options.newest ? await adoptDeployed(record, stage) : record;
  if (taken.functions !== undefined) {
    const { orchestrator, worker } = taken.functions;
    terminal.err(`run ${terminal.paint.bold(record.run)} goes on with ${orchestrator}, ${worker}`);
  }
  await orchestrateRemote(taken, stage);
  return watch(record.run, options, terminal);
}
