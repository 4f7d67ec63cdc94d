import { orchestrateDetached, startDetached } from "../backends/detached.ts";
import { RunError } from "../core/errors.ts";
import type { RunRecord } from "../run/record.ts";
import type { RunSpec } from "../run/spec.ts";
import { progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { watch } from "./watch.ts";

interface Options {
  readonly json?: boolean;
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
  const bar = progress(terminal, spec.stop);
  try {
    await startDetached(about, { onStage: bar.onStage });
  } finally {
    bar.close();
  }
  terminal.err(
    `started; it goes on without this terminal: kofn watch ${about.run} --stage ${stage}`,
  );
  return watch(about.run, options, terminal);
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
  await orchestrateDetached(record, stage);
  return watch(record.run, options, terminal);
}
