import { withOpenRun } from "../platform/training/open-run.ts";
import { overviewOf } from "../platform/training/run-overview.ts";
import { cancelKey } from "../store-layout.ts";
import { type Declare, runHelp, stageHelp } from "./command.ts";
import type { Terminal } from "./terminal.ts";

export const declareCancel: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .action((run) => invoke((terminal) => cancel(run, terminal)));
};

/** `kofn cancel RUN`: marks it; whoever runs it stops within about a second. */
export async function cancel(name: string, terminal: Terminal): Promise<number> {
  await withOpenRun(terminal, name, async ({ store, isLive }, record) => {
    const { run } = record;
    const { status } = await overviewOf(store, record, await isLive(run));
    if (status !== "running") {
      terminal.err(`${run} is not running (${status}); nothing to cancel`);
      return;
    }
    await store.write(cancelKey(run), new TextEncoder().encode(new Date().toISOString()));
    terminal.err(`${run} will stop within a second or two; go on with: kofn resume ${run}`);
  });
  return 0;
}
