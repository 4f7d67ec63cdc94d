import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { RunError } from "../core/errors.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { overviewOf } from "../platform/training/run-overview.ts";
import { artifactPaths } from "../platform/training/start-run.ts";
import { removeAll } from "../ports/remove-all.ts";
import { prefixIn, recordKey, runPrefix } from "../store-layout.ts";
import { type Declare, runHelp } from "./command.ts";
import type { Terminal } from "./terminal.ts";

export const declareRemove: Declare = (command, invoke) => {
  command
    .description("Removes a run for good: its record, checkpoint, events, model and report.")
    .argument("<RUN>", runHelp)
    .option("--force", "also a private run, whose ledger says what was spent")
    .action((run, options) => invoke((terminal) => remove(run, options, terminal)));
};

/** `kofn rm RUN`: data that were prepared and encoded stay, as other runs may use them. */
export async function remove(
  name: string,
  options: { readonly force?: boolean },
  terminal: Terminal,
): Promise<number> {
  await withOpenRun(terminal, name, async ({ store, isLive }, record) => {
    const { run, spec } = record;
    const { status } = await overviewOf(store, record, await isLive(run));
    if (status === "running")
      throw new RunError("run-is-live", `${run} is running`, {
        hint: `stop it first: kofn cancel ${run}`,
      });
    if (spec.privacy !== undefined && options.force !== true)
      throw new RunError("not-public", `${run} is private: its ledger says what was spent`, {
        hint: "keep it, or remove that account as well by --force",
      });
    const keys = [
      ...(await store.list(runPrefix(run))),
      ...(await store.list(prefixIn(run, "secrets"))),
    ];
    // The record last: what is left of a removal that was cut off can still be named.
    await removeAll(
      store,
      keys.filter((key) => key !== recordKey(run)),
    );
    await store.remove(recordKey(run));
    await rm(dirname(artifactPaths(terminal.home, run).report), { recursive: true, force: true });
    terminal.err(`${run} is removed`);
  });
  return 0;
}
