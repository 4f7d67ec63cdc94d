import { RunError } from "../core/errors.ts";
import { checkBackend } from "../platform/local/registry.ts";
import { checkSpec } from "../platform/training/check-spec.ts";
import { nameRun } from "../platform/training/create-run.ts";
import { trainNew } from "../platform/training/train.ts";
import { writeComparison } from "../platform/training/write-comparison.ts";
import { resolveSpec } from "../run/resolve-spec.ts";
import { loadSpec } from "../run/spec-file.ts";
import { parseOverride, withOverrides } from "../spec/overrides.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { parseVary, variedSettings } from "../spec/variations.ts";
import { backendHelp, collectValues, type Declare, settingHelp } from "./command.ts";
import { type Compared, comparisonTable, rankingInWords, summaries } from "./comparison.ts";
import { exitCodeOf, withStop } from "./outcome.ts";
import { openInBrowser } from "./report.ts";
import { printJson, say, type Terminal } from "./terminal.ts";
import { trainWithProgress } from "./training.ts";

export interface CompareOptions {
  readonly vary: readonly string[];
  readonly set: readonly string[];
  readonly backend: string;
  readonly repeats: string;
  readonly json?: boolean;
  readonly open?: boolean;
}

const runsMax = 200;

/** A run of the comparison: a setting with one of the seeds. */
interface Entry {
  readonly setting: string;
  readonly label: string;
  readonly spec: RunSpec;
}

export const declareCompare: Declare = (command, invoke) => {
  command
    .description("Trains once per setting with the same seed, hence the same delays.")
    .argument("<SPEC>", "a .yaml, .json or .ts file")
    .requiredOption(
      "--vary <path=a,b,c>",
      "the settings of one value; several of these give all combinations",
      collectValues,
    )
    .option("--set <path=value>", settingHelp, collectValues, [])
    .option("--backend <name>", backendHelp, "emulated")
    .option("--repeats <n>", "as often, with the seeds that follow", "1")
    .option("--json", "events as JSON lines on standard output, the result last")
    .option("--open", "open the report in a browser")
    .action((path, options) => invoke((terminal) => compareCommand(path, options, terminal)));
};

/** `kofn compare SPEC --vary …`: one run per setting with the same seed, hence the same delays. */
export async function compareCommand(
  path: string,
  options: CompareOptions,
  terminal: Terminal,
): Promise<number> {
  const backend = checkBackend(options.backend);
  const entries = await entriesOf(path, options);
  const name = nameRun();
  terminal.err(`comparison ${terminal.paint.bold(name)}: ${entries.length} runs (${backend})`);
  const compared: Compared[] = [];
  for (const [i, { setting, label, spec }] of entries.entries()) {
    const run = `${name}-${i + 1}`;
    terminal.err(`${terminal.paint.bold(label)}  run ${run}`);
    const json = options.json === true;
    const { end, result } = await trainWithProgress(
      { run, spec, json, label },
      terminal,
      (watchers) => trainNew({ run, spec, backend, home: terminal.home }, watchers),
    );
    compared.push({ setting, label, result, stop: end.stop });
    if (json)
      printJson(terminal, {
        ...withStop(result, end.stop),
        type: "compared",
        setting,
        seed: spec.seed,
      });
    if (end.stop.kind === "interrupted") break;
  }
  const labelled = compared.map(({ label, result: { run } }) => ({ label, run }));
  const report = await writeComparison(name, labelled, terminal.home);
  const speak = say(terminal, options);
  const isOneObjective = !options.vary.some((text) => /^(?:problem|data|seed)\b/.test(text));
  speak(comparisonTable(compared, isOneObjective));
  const ranking = rankingInWords(compared);
  if (ranking !== null) speak(`\n${ranking}`);
  speak(`\nreport  ${report}`);
  const stopped = compared.find(({ stop }) => stop.kind !== "done");
  if (stopped !== undefined && stopped.stop.kind !== "done")
    terminal.err(`${terminal.paint.yellow("stopped:")} ${stopped.label}: ${stopped.stop.reason}`);
  if (options.json === true) {
    const settings = summaries(compared);
    printJson(terminal, { type: "result", comparison: name, settings, report });
  }
  if (options.open === true) await openInBrowser(report, terminal);
  return stopped === undefined ? 0 : exitCodeOf(stopped.stop);
}

async function entriesOf(path: string, options: CompareOptions): Promise<Entry[]> {
  const repeats = repeatsOf(options.repeats);
  const variations = options.vary.map(parseVary);
  const fixed = options.set.map((text) => parseOverride(text, "--set"));
  const base = withOverrides(await loadSpec(path), fixed);
  const entries: Entry[] = [];
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const { label: setting, settings } of variedSettings(variations)) {
      const spec = checkSpec(resolveSpec(withOverrides(base, settings)));
      const seed = spec.seed + repeat;
      const label = repeats === 1 ? setting : `${setting}, seed ${seed}`;
      entries.push({ setting, label, spec: { ...spec, seed } });
    }
  if (entries.length <= runsMax) return entries;
  throw new RunError("too-many-runs", `--vary: that makes ${entries.length} runs`, {
    hint: `compare at most ${runsMax} at once`,
  });
}

function repeatsOf(text: string): number {
  const repeats = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (repeats >= 1) return repeats;
  throw new RunError("bad-repeats", `--repeats: expected 1 or more, got ${JSON.stringify(text)}`, {
    hint: "give a whole number, as in --repeats 5",
  });
}
