import { dirname, resolve } from "node:path";
import open from "open";
import { RunError } from "../core/errors.ts";
import { nearest } from "../core/text.ts";
import type { RunRecord } from "../journal/run-record.ts";
import { tellRun } from "../platform/tell-run.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { artifactPaths, writeArtifacts } from "../platform/training/start-run.ts";
import type { Store } from "../ports/store.ts";
import type { WhatIf } from "../report/data.ts";
import { againInWords, whatIfCells, whatIfNotes } from "../report/sections/what-if.ts";
import { type ReporterName, reporterNames } from "../reporters/reporter.ts";
import { collectValues, type Declare, jsonHelp, runHelp, stageHelp } from "./command.ts";
import { table } from "./table.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

export const declareReport: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--what-if", "the run again, one thing another: what each would have saved")
    .option(
      "--to <name>",
      `tell the run: ${reporterNames.join(", ")}; may be repeated`,
      collectValues,
    )
    .option("--json", jsonHelp)
    .option("--open", "open it in a browser")
    .action((run, options) => invoke((terminal) => report(run, options, terminal)));
};

export interface ReportOptions {
  readonly open?: boolean;
  readonly whatIf?: boolean;
  readonly to?: readonly string[];
  readonly json?: boolean;
}

/** `kofn report RUN`: writes the page anew from the stored events. */
export async function report(
  name: string,
  options: ReportOptions,
  terminal: Terminal,
): Promise<number> {
  const { paths, found } = await withOpenRun(terminal, name, async ({ store }, record) => {
    await tellReporters(record, store, options.to ?? [], terminal);
    const found = options.whatIf === true ? await otherWays(store, record, terminal) : undefined;
    return { paths: await writeArtifacts({ store }, record.run, terminal.home, found), found };
  });
  const speak = say(terminal, options);
  if (found !== undefined) {
    const { again, rows } = found;
    const head = ["what if", "time", "saved", "dollars", "saved", "rounds", "objective"];
    speak(`${againInWords(found)}\n`);
    speak(
      table(
        head,
        rows.map((row) => whatIfCells(row, again)),
      ),
    );
    for (const note of whatIfNotes([again, ...rows])) speak(`\n${note}`);
    speak("");
  }
  speak(paths.report);
  if (options.json === true) printJson(terminal, { type: "report", ...paths, whatIf: found });
  if (options.open === true) await openInBrowser(paths.report, terminal);
  return 0;
}

/** Tells what is in the store of a run where it is asked for. */
async function tellReporters(
  record: RunRecord,
  store: Store,
  names: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const unknown = names.find((name) => !(reporterNames as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new RunError("unknown-name", `--to: no reporter is called ${JSON.stringify(unknown)}`, {
      hint: `${nearest(unknown, reporterNames)}choose one of ${reporterNames.join(", ")}`,
    });
  const folder = dirname(artifactPaths(terminal.home, record.run).report);
  const told = await tellRun(record, store, {
    names: names as readonly ReporterName[],
    folder,
    onNote: (text) => terminal.err(`note: ${text}`),
  });
  await told.close();
}

async function otherWays(store: Store, record: RunRecord, terminal: Terminal): Promise<WhatIf> {
  const { whatIf } = await import("../platform/training/what-if.ts");
  const onScenario = (name: string) => terminal.live?.show(`what if: ${name}`);
  try {
    return await whatIf(record, { store, onScenario });
  } finally {
    terminal.live?.clear();
  }
}

/** Shows a page in the usual browser; a machine without one is not an error. */
export async function openInBrowser(place: string, terminal: Terminal): Promise<void> {
  const browser = await open(place.startsWith("http://") ? place : resolve(place));
  browser.once("error", (error) =>
    terminal.err(`${terminal.paint.yellow("warning:")} no browser opened: ${error.message}`),
  );
}
