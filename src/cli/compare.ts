import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkSpec } from "../backends/check-spec.ts";
import { lookInto } from "../backends/home-claim.ts";
import { checkBackend } from "../backends/registry.ts";
import { nameRun } from "../backends/start-run.ts";
import { trainNew } from "../backends/train.ts";
import { RunError } from "../core/errors.ts";
import { renderReport } from "../report/render.ts";
import { readHistory } from "../run/finish.ts";
import { parseSetting, withSettings } from "../run/settings.ts";
import { type RunSpec, resolveSpec } from "../run/spec.ts";
import { loadSpec } from "../run/spec-file.ts";
import { openInBrowser } from "./browser.ts";
import { type Compared, comparisonTable, summaries } from "./comparison.ts";
import { exitCodeOf, withStop } from "./outcome.ts";
import { say, type Terminal, tell } from "./terminal.ts";
import { training } from "./training.ts";
import { parseVary, settingsOf } from "./vary.ts";

export interface CompareOptions {
  readonly vary: readonly string[];
  readonly set: readonly string[];
  readonly backend: string;
  readonly repeats: string;
  readonly json?: boolean;
  readonly open?: boolean;
}

const runsMax = 200;

/** One run to come: a setting, with one of the seeds. */
interface Entry {
  readonly setting: string;
  readonly label: string;
  readonly spec: RunSpec;
}

/** `kofn compare SPEC --vary …`: one run per setting with the same seed, hence the same delays. */
export async function compare(
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
    const { end, result } = await training({ run, spec, json, label }, terminal, (watchers) =>
      trainNew({ run, spec, backend, home: terminal.home }, watchers),
    );
    compared.push({ setting, label, result, stop: end.stop });
    if (json)
      tell(terminal, { ...withStop(result, end.stop), type: "compared", setting, seed: spec.seed });
    if (end.stop.kind === "interrupted") break;
  }
  const report = await writeComparison(name, compared, terminal.home);
  const speak = say(terminal, options);
  speak(comparisonTable(compared));
  speak(`\nreport  ${report}`);
  const stopped = compared.find(({ stop }) => stop.kind !== "done");
  if (stopped !== undefined && stopped.stop.kind !== "done")
    terminal.err(`${terminal.paint.yellow("stopped:")} ${stopped.label}: ${stopped.stop.reason}`);
  if (options.json === true) {
    const settings = summaries(compared);
    tell(terminal, { type: "result", comparison: name, settings, report });
  }
  if (options.open === true) await openInBrowser(report, terminal);
  return stopped === undefined ? 0 : exitCodeOf(stopped.stop);
}

async function entriesOf(path: string, options: CompareOptions): Promise<Entry[]> {
  const repeats = repeatsOf(options.repeats);
  const variations = options.vary.map(parseVary);
  const given = options.set.map((text) => parseSetting(text, "--set"));
  const base = withSettings(await loadSpec(path), given);
  const entries: Entry[] = [];
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const { label: setting, settings } of settingsOf(variations)) {
      const spec = checkSpec(resolveSpec(withSettings(base, settings)));
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

async function writeComparison(
  name: string,
  compared: readonly Compared[],
  path: string,
): Promise<string> {
  const home = await lookInto(path);
  try {
    const runs = [];
    for (const { label, result } of compared)
      runs.push({ label, events: await readHistory(home.store, result.run) });
    const folder = join(path, "comparisons", name);
    await mkdir(folder, { recursive: true });
    const report = join(folder, "report.html");
    await writeFile(report, renderReport({ title: name, runs }));
    return report;
  } finally {
    await home.close();
  }
}
