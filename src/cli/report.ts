import { resolve } from "node:path";
import open from "open";
import { withOpenRun } from "../platform/training/open-run.ts";
import { writeArtifacts } from "../platform/training/start-run.ts";
import { type Declare, runHelp, stageHelp } from "./command.ts";
import type { Terminal } from "./terminal.ts";

export const declareReport: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--open", "open it in a browser")
    .action((run, options) => invoke((terminal) => report(run, options, terminal)));
};

/** `kofn report RUN`: writes the page anew from the stored events. */
export async function report(
  name: string,
  options: { readonly open?: boolean },
  terminal: Terminal,
): Promise<number> {
  const paths = await withOpenRun(terminal, name, ({ store }, { run }) =>
    writeArtifacts({ store }, run, terminal.home),
  );
  terminal.out(paths.report);
  if (options.open === true) await openInBrowser(paths.report, terminal);
  return 0;
}

/** Shows a page in the usual browser; a machine without one is not an error. */
export async function openInBrowser(path: string, terminal: Terminal): Promise<void> {
  const browser = await open(resolve(path));
  browser.once("error", (error) =>
    terminal.err(`${terminal.paint.yellow("warning:")} no browser opened: ${error.message}`),
  );
}
