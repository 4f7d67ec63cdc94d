import { RunError } from "../core/errors.ts";
import { changeSettings, checkChangeable } from "../platform/training/change-settings.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { overviewOf, unlessDamaged } from "../platform/training/run-overview.ts";
import { artifactPaths } from "../platform/training/start-run.ts";
import { trainFurther } from "../platform/training/train.ts";
import type { ResultEvent } from "../ports/events.ts";
import { removeLeftovers } from "../run/finish.ts";
import { isEndWhole } from "../run/model-weights.ts";
import { readResult } from "../run/stored-end.ts";
import { parseOverride } from "../spec/overrides.ts";
import { cancelKey } from "../store-layout.ts";
import { collectValues, type Declare, jsonHelp, runHelp, stageHelp } from "./command.ts";
import { reportOutcome, resultTable } from "./outcome.ts";
import { printJson, say, type Terminal } from "./terminal.ts";
import { trainWithProgress } from "./training.ts";

export interface ResumeOptions {
  readonly set: readonly string[];
  readonly json?: boolean;
  readonly newest?: boolean;
}

export const declareResume: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option(
      "--set <path=value>",
      "change stop.* or wait, as in stop.seconds=60; may be repeated",
      collectValues,
      [],
    )
    .option("--stage <name>", stageHelp)
    .option(
      "--newest",
      "with a stage: go on with what is deployed now, not what the run began with",
    )
    .option("--json", jsonHelp)
    .action((run, options) => invoke((terminal) => resumeCommand(run, options, terminal)));
};

/** `kofn resume RUN`: goes on from the checkpoint. */
export async function resumeCommand(
  name: string,
  options: ResumeOptions,
  terminal: Terminal,
): Promise<number> {
  const settings = options.set.map((text) => parseOverride(text, "--set"));
  checkChangeable(settings);
  if (options.newest && terminal.stage === undefined) {
    throw new RunError(
      "no-stage",
      "--newest: only a run in a stage keeps the versions it began with",
      {
        hint: "add --stage NAME, or leave --newest out",
      },
    );
  }
  const stored = await withOpenRun(terminal, name, async ({ store, isLive }, record) => {
    const live = await isLive(record.run);
    // What the end of a run wrote is written again: damage there is no reason to stop.
    const { status, result, isReported } = await overviewOf(store, record, live, (...of) =>
      unlessDamaged(readResult(...of)),
    );
    if (status === "running") {
      const { stage } = terminal;
      const place = stage === undefined ? "another process" : `stage ${stage}`;
      throw new RunError("run-is-live", `${record.run} is running in ${place}`, {
        hint: `kofn watch ${record.run} follows it, kofn cancel ${record.run} stops it`,
      });
    }
    const isWritten = result !== null && isReported && (await isEndWhole(store, record.run));
    if (status === "done" && isWritten) {
      // Its process may have been ended while it removed what was not needed any more.
      await removeLeftovers(store, record.run, true);
      return { done: result, record };
    }
    const amended = await changeSettings(store, record, settings);
    await store.remove(cancelKey(record.run));
    return { record: amended };
  });
  if (stored.done !== undefined)
    return alreadyDone(stored.done, stored.record.backend, options, terminal);
  if (terminal.stage !== undefined) {
    const { resumeDeployed } = await import("./run-deployed.ts");
    return resumeDeployed(stored.record, terminal.stage, options, terminal);
  }
  terminal.err(`run ${terminal.paint.bold(stored.record.run)} goes on (${stored.record.backend})`);
  const { run, spec } = stored.record;
  const about = { run, spec, json: options.json === true };
  const done = await trainWithProgress(about, terminal, (watchers) =>
    trainFurther(stored.record, terminal.home, watchers),
  );
  return reportOutcome(done, options, terminal);
}

function alreadyDone(
  stored: ResultEvent,
  backend: string,
  options: ResumeOptions,
  terminal: Terminal,
): number {
  const result = { ...stored, ...artifactPaths(terminal.home, stored.run) };
  terminal.err(`${result.run} is done already`);
  say(terminal, options)(resultTable(result, { backend }));
  if (options.json === true) printJson(terminal, { ...result, stop: "done" });
  return 0;
}
