import { checkSpec } from "../backends/check-spec.ts";
import { checkBackend } from "../backends/registry.ts";
import { nameRun } from "../backends/start-run.ts";
import { trainNew } from "../backends/train.ts";
import { checkRunName } from "../run/record.ts";
import { parseSetting } from "../run/settings.ts";
import { readSpec } from "../run/spec-file.ts";
import { openInBrowser } from "./browser.ts";
import { reportOutcome } from "./outcome.ts";
import type { Terminal } from "./terminal.ts";
import { training } from "./training.ts";

export interface RunOptions {
  readonly set: readonly string[];
  readonly backend: string;
  readonly json?: boolean;
  readonly open?: boolean;
  readonly name?: string;
}

/** `kofn run SPEC`: encode if needed, train, report. */
export async function run(path: string, options: RunOptions, terminal: Terminal): Promise<number> {
  const backend = checkBackend(options.backend);
  const settings = options.set.map((text) => parseSetting(text, "--set"));
  const spec = checkSpec(await readSpec(path, settings));
  const name = options.name === undefined ? nameRun() : checkRunName(options.name);
  if (terminal.stage !== undefined) {
    const { runDeployed } = await import("./run-deployed.ts");
    return runDeployed({ run: name, spec, stage: terminal.stage }, options, terminal);
  }
  terminal.err(`run ${terminal.paint.bold(name)} (${backend})`);
  const { home } = terminal;
  const about = { run: name, spec, json: options.json === true };
  const done = await training(about, terminal, (watchers) =>
    trainNew({ run: name, spec, backend, home }, watchers),
  );
  const exitCode = reportOutcome(done, options, terminal);
  if (options.open === true) await openInBrowser(done.result.report, terminal);
  return exitCode;
}
