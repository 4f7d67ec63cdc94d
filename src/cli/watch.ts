import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes } from "../core/error-codes/error-codes.ts";
import { RunError } from "../core/errors.ts";
import { eventsIn } from "../journal/checkpoint.ts";
import type { RunRecord } from "../journal/run-record.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { overviewOf, type RunOverview } from "../platform/training/run-overview.ts";
import { artifactPaths, writeArtifacts } from "../platform/training/start-run.ts";
import type { RunEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import { eventsKey } from "../store-layout.ts";
import { type Declare, jsonHelp, runHelp, stageHelp, uiHelp } from "./command.ts";
import { resultTable, warnOfEnd } from "./outcome.ts";
import { progressView } from "./progress.ts";
import { interrupts, printJson, say, type Terminal } from "./terminal.ts";

const lookEveryMs = 500;
/** Polls that may fail in a row: the process that serves the home may be about to end. */
const failuresMax = 10;

export const declareWatch: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--json", jsonHelp)
    .option("--ui", uiHelp)
    .action((run, options) => invoke((terminal) => watch(run, options, terminal)));
};

/** `kofn watch RUN`: follows a run in another process until it stops. */
export async function watch(
  name: string,
  options: { readonly json?: boolean; readonly ui?: boolean },
  terminal: Terminal,
): Promise<number> {
  const record = await withOpenRun(terminal, name, async (_home, record) => record);
  const { run, spec } = record;
  if (options.ui === true) await (await import("./ui.ts")).openPage(run, terminal);
  const stop = interrupts(terminal, `${run} goes on without being watched`);
  terminal.err(`run ${terminal.paint.bold(run)} (${record.backend})`);
  const bar = progressView(terminal, spec.stop, { isFollowed: true });
  try {
    const follow = follower(run, (event) => {
      bar.listen(event);
      if (options.json === true) printJson(terminal, event);
    });
    const lookAgain = forgiving(async () => {
      const overview = await look(terminal, run, follow);
      // One whose objects go just now seems to be over; they are missed here, and looked for again.
      const isFetched = terminal.stage !== undefined && isOver(overview);
      if (isFetched) await fetchArtifacts(terminal, run);
      return overview;
    });
    while (!stop.signal.aborted) {
      const overview = await lookAgain();
      if (overview !== null && isOver(overview)) {
        bar.close();
        return reportEnd(overview, options, terminal);
      }
      await sleep(lookEveryMs);
    }
    return exitCodes.interrupted;
  } finally {
    bar.close();
    stop.close();
  }
}

interface Look extends RunOverview {
  readonly isLive: boolean;
}

function look(terminal: Terminal, run: string, follow: Follower): Promise<Look> {
  return withOpenRun(terminal, run, async ({ store, isLive }, record: RunRecord) => {
    // The status first: the next poll reports the events that come after it.
    const alive = await isLive(record.run);
    const overview = await overviewOf(store, record, alive);
    await follow(store);
    return { ...overview, isLive: alive };
  });
}

/** A run in AWS left its model and events in the store: the report is rendered here. */
async function fetchArtifacts(terminal: Terminal, run: string): Promise<void> {
  await withOpenRun(terminal, run, ({ store }) => writeArtifacts({ store }, run, terminal.home));
}

function isOver({ status, isReported, isLive }: Look): boolean {
  return status !== "running" && (isReported || !isLive);
}

type Follower = (store: Store) => Promise<void>;

/** Returns every event that was written since the last call. */
function follower(run: string, listen: (event: RunEvent) => void): Follower {
  const folder = eventsKey(run, 0).replace(/[^/]+$/, "");
  let seen = "";
  return async (store) => {
    for (const key of await store.list(folder)) {
      if (key <= seen) continue;
      const bytes = await store.read(key);
      if (bytes === null) continue;
      for (const event of eventsIn(bytes, key)) listen(event);
      seen = key;
    }
  };
}

/** A failed poll gives null, until too many fail in a row. */
function forgiving(attempt: () => Promise<Look>): () => Promise<Look | null> {
  let failures = 0;
  return async () => {
    try {
      const looked = await attempt();
      failures = 0;
      return looked;
    } catch (thrown) {
      failures++;
      // The run was there when watching began.
      if (thrown instanceof RunError && thrown.code === "gone")
        throw new RunError("bucket-gone", `${thrown.message} any more: the run cannot go on`, {
          hint: "its checkpoint went with the bucket: start the run anew, or bring the bucket back",
          cause: thrown,
        });
      // A bucket is emptied before it goes: whether it does is seen by another look.
      const isMissing = thrown instanceof RunError && thrown.code === "unknown-run";
      if ((thrown instanceof RunError && !isMissing) || failures > failuresMax) throw thrown;
      return null;
    }
  };
}

function reportEnd(
  { run, backend, status, reason, result: stored }: Look,
  options: { readonly json?: boolean },
  terminal: Terminal,
): number {
  const speak = say(terminal, options);
  const result = stored === null ? null : { ...stored, ...artifactPaths(terminal.home, run) };
  if (result !== null) {
    speak(resultTable(result, { backend }));
    warnOfEnd(result, terminal);
  }
  // A process that was killed before its last write.
  if (result === null && status === "done") terminal.err(`${run}: ${reason}`);
  if (status !== "done") {
    const why = reason === "" ? "its process ended" : reason;
    const where = terminal.stage === undefined ? "" : ` --stage ${terminal.stage}`;
    const again = `kofn resume ${run}${where}`;
    terminal.err(`${terminal.paint.yellow("stopped:")} ${why}; go on with: ${again}`);
  }
  if (options.json === true) printJson(terminal, { ...result, type: "result", run, stop: status });
  return status === "done" ? 0 : exitCodes.unfinished;
}
