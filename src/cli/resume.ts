import { amendRecord, checkChangeable } from "../backends/amend-record.ts";
import { overviewOf } from "../backends/run-overview.ts";
import { artifactPaths } from "../backends/start-run.ts";
import { trainFurther } from "../backends/train.ts";
import { withRun } from "../backends/with-run.ts";
import { RunError } from "../core/errors.ts";
import type { ResultEvent } from "../ports/events.ts";
import { cancelKey } from "../run/keys.ts";
import { parseSetting } from "../run/settings.ts";
import { reportOutcome, resultTable } from "./outcome.ts";
import { say, type Terminal, tell } from "./terminal.ts";
import { training } from "./training.ts";

export interface ResumeOptions {
  readonly set: readonly string[];
  readonly json?: boolean;
}

/** `kofn resume RUN`: goes on from the checkpoint. */
export async function resume(
  given: string,
  options: ResumeOptions,
  terminal: Terminal,
): Promise<number> {
  const settings = options.set.map((text) => parseSetting(text, "--set"));
  checkChangeable(settings);
  const found = await withRun(terminal, given, async ({ store, isLive }, record) => {
    const { status, result } = await overviewOf(store, record, await isLive(record.run));
    if (status === "running") {
      const { stage } = terminal;
      const place = stage === undefined ? "another process" : `stage ${stage}`;
      throw new RunError("run-is-live", `${record.run} is running in ${place}`, {
        hint: `kofn watch ${record.run} follows it, kofn cancel ${record.run} stops it`,
      });
    }
    if (status === "done" && result !== null) return { done: result };
    const amended = await amendRecord(store, record, settings);
    await store.remove(cancelKey(record.run));
    return { record: amended };
  });
  if (found.done !== undefined) return alreadyDone(found.done, options, terminal);
  if (terminal.stage !== undefined) {
    const { resumeDeployed } = await import("./run-deployed.ts");
    return resumeDeployed(found.record, terminal.stage, options, terminal);
  }
  terminal.err(`run ${terminal.paint.bold(found.record.run)} goes on (${found.record.backend})`);
  const { run, spec } = found.record;
  const about = { run, spec, json: options.json === true };
  const done = await training(about, terminal, (watchers) =>
    trainFurther(found.record, terminal.home, watchers),
  );
  return reportOutcome(done, options, terminal);
}

function alreadyDone(stored: ResultEvent, options: ResumeOptions, terminal: Terminal): number {
  const result = { ...stored, ...artifactPaths(terminal.home, stored.run) };
  terminal.err(`${result.run} is done already`);
  say(terminal, options)(resultTable(result));
  if (options.json === true) tell(terminal, { ...result, stop: "done" });
  return 0;
}
