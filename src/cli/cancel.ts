import { RunError } from "../core/errors.ts";
import { cancelRun } from "../platform/training/cancel-run.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { removeAll } from "../ports/remove-all.ts";
import { formatCount } from "../report/format.ts";
import { prefixIn } from "../store-layout.ts";
import { type Declare, runHelp, stageHelp } from "./command.ts";
import type { Terminal } from "./terminal.ts";

export const declareCancel: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .action((run) => invoke((terminal) => cancel(run, terminal)));
};

export const declareForget: Declare = (command, invoke) => {
  command
    .description(
      "Removes what a private run's noise was keyed by, and sums without noise. What was " +
        "published, the ledger and the model stay. A run that is not done draws new secrets " +
        "when it goes on.",
    )
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .action((run) => invoke((terminal) => forget(run, terminal)));
};

/** `kofn forget RUN`: nobody can take its noise away afterwards. */
export async function forget(name: string, terminal: Terminal): Promise<number> {
  await withOpenRun(terminal, name, async ({ store, isLive }, { run }) => {
    if (await isLive(run)) {
      throw new RunError("run-is-live", `${run} is running, and needs its secrets`, {
        hint: `kofn cancel ${run} stops it`,
      });
    }
    const keys = await store.list(prefixIn(run, "secrets"));
    await removeAll(store, keys);
    const what =
      keys.length === 0 ? "has no secrets" : `forgot ${formatCount(keys.length)} secrets`;
    terminal.out(`${run} ${what}`);
  });
  return 0;
}

/** `kofn cancel RUN`: marks it; whoever runs it stops within about a second. */
export async function cancel(name: string, terminal: Terminal): Promise<number> {
  await withOpenRun(terminal, name, async (opened, record) => {
    const { run } = record;
    const status = await cancelRun(opened, record);
    if (status === "running")
      terminal.err(`${run} will stop within a second or two; go on with: kofn resume ${run}`);
    else terminal.err(`${run} is not running (${status}); nothing to cancel`);
  });
  return 0;
}
