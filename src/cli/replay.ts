import { exitCodes } from "../core/error-codes/error-codes.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { replayRun } from "../platform/training/replay-run.ts";
import { formatCount } from "../report/format.ts";
import { type Declare, jsonHelp, runHelp, stageHelp } from "./command.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

const everyMs = 3_000;

export const declareReplay: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--json", jsonHelp)
    .action((run, options) => invoke((terminal) => replayCommand(run, options, terminal)));
};

/** `kofn replay RUN`: computes a run again from its recorded arrivals, and compares the weights. */
export async function replayCommand(
  name: string,
  options: { readonly json?: boolean },
  terminal: Terminal,
): Promise<number> {
  let nextMs = performance.now() + everyMs;
  const { run, ...replayed } = await withOpenRun(terminal, name, async ({ store }, record) => ({
    run: record.run,
    ...(await replayRun(store, record, (round) => {
      if (performance.now() < nextMs) return;
      nextMs = performance.now() + everyMs;
      terminal.err(`replayed ${formatCount(round)} rounds`);
    })),
  }));
  const { weightsDigest, recordedDigest, rounds } = replayed;
  const isEqual = weightsDigest === recordedDigest;
  const speak = say(terminal, options);
  if (recordedDigest === null)
    speak(`${run}: ${rounds} rounds replayed; it never reported weights to compare with`);
  else if (isEqual) speak(`${run}: equal to the bit after ${rounds} rounds (${weightsDigest})`);
  else speak(`${run}: not equal: recorded ${recordedDigest}, replayed ${weightsDigest}`);
  if (options.json === true)
    printJson(terminal, { type: "result", run, equal: isEqual, ...replayed });
  return isEqual ? 0 : exitCodes.unfinished;
}
