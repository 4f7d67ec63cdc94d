import { checkRunName } from "../journal/run-record.ts";
import { checkBackend } from "../platform/local/registry.ts";
import { checkSpec } from "../platform/training/check-spec.ts";
import { nameRun } from "../platform/training/create-run.ts";
import { trainNew } from "../platform/training/train.ts";
import { resolveSpec } from "../run/resolve-spec.ts";
import { readSpec } from "../run/spec-file.ts";
import { type Override, parseOverride } from "../spec/overrides.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { backendHelp, collectValues, type Declare, settingHelp, uiHelp } from "./command.ts";
import { reportOutcome } from "./outcome.ts";
import type { Terminal } from "./terminal.ts";
import { trainWithProgress } from "./training.ts";

export interface RunOptions {
  /** Makes the spec of a data file: this is its target. */
  readonly target?: string;
  readonly set: readonly string[];
  readonly backend: string;
  readonly json?: boolean;
  readonly open?: boolean;
  readonly ui?: boolean;
  readonly name?: string;
}

export const declareRun: Declare = (command, invoke) => {
  command
    .description("Encodes the data if needed, trains, and writes model and report.")
    .argument("<SPEC>", "a .yaml, .json or .ts file; with --target a data file")
    .option("--target <column>", "train on a data file by the spec that kofn init would write")
    .option("--set <path=value>", settingHelp, collectValues, [])
    .option("--backend <name>", backendHelp, "emulated")
    .option("--stage <name>", "the deployed stage to run in, instead of here")
    .option("--name <name>", "the run's name instead of one made up")
    .option("--json", "events as JSON lines on standard output, the result last")
    .option("--open", "open the report in a browser")
    .option("--ui", uiHelp)
    .action((path, options) => invoke((terminal) => run(path, options, terminal)));
};

export const declareSimulate: Declare = (command, invoke) => {
  command
    .description("Like run --backend simulated: the real mathematics, simulated time.")
    .argument("<SPEC>", "a .yaml, .json or .ts file")
    .option("--set <path=value>", settingHelp, collectValues, [])
    .option("--name <name>", "the run's name instead of one made up")
    .option("--json", "events as JSON lines on standard output, the result last")
    .option("--open", "open the report in a browser")
    .option("--ui", uiHelp)
    .action((path, options) =>
      invoke((terminal) => run(path, { ...options, backend: "simulated" }, terminal)),
    );
};

/** `kofn run SPEC`: encode if needed, train, report. */
export async function run(path: string, options: RunOptions, terminal: Terminal): Promise<number> {
  const backend = checkBackend(options.backend);
  const settings = options.set.map((text) => parseOverride(text, "--set"));
  const spec = await specOf(path, options.target, settings, terminal);
  const name = options.name === undefined ? nameRun() : checkRunName(options.name);
  if (terminal.stage !== undefined) {
    const { runDeployed } = await import("./run-deployed.ts");
    return runDeployed({ run: name, spec, stage: terminal.stage }, options, terminal);
  }
  if (options.ui === true) await (await import("./ui.ts")).openPage(name, terminal);
  terminal.err(`run ${terminal.paint.bold(name)} (${backend})`);
  const { home } = terminal;
  const about = { run: name, spec, json: options.json === true };
  const done = await trainWithProgress(about, terminal, (watchers) =>
    trainNew({ run: name, spec, backend, home }, watchers),
  );
  const exitCode = reportOutcome(done, options, terminal);
  if (options.open === true) {
    // What shows reports reads those of stages as well, for which it loads the S3 client.
    const { openInBrowser } = await import("./report.ts");
    await openInBrowser(done.result.report, terminal);
  }
  return exitCode;
}
/** The spec in a file, or one for a data file. */
async function specOf(
  path: string,
  target: string | undefined,
  settings: readonly Override[],
  terminal: Terminal,
): Promise<RunSpec> {
  if (target === undefined) return checkSpec(await readSpec(path, settings));
  const { tellProposal } = await import("./data/init.ts");
  const { readProfile } = await import("./data/read-profile.ts");
  const profiled = await readProfile(path, { target, settings }, terminal);
  return checkSpec(resolveSpec(tellProposal(profiled, terminal)));
}
