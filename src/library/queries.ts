import { exportRun } from "../model-export/export-run.ts";
import { formatNamed } from "../model-export/formats.ts";
import { homePath } from "../platform/local/paths.ts";
import { checkBackend } from "../platform/local/registry.ts";
import { checkSpec } from "../platform/training/check-spec.ts";
import { nameRun } from "../platform/training/create-run.ts";
import { planInHome } from "../platform/training/forecast-run.ts";
import { withOpenHome } from "../platform/training/open-run.ts";
import { listRuns, overviewOf, type RunStatus } from "../platform/training/run-overview.ts";
import { membersOf, startRemote } from "../platform/training/start-remote.ts";
import { writeComparison } from "../platform/training/write-comparison.ts";
import { type Account, accountReleases } from "../privacy/account.ts";
import { type MechanismUse, parseMechanismUse } from "../privacy/release.ts";
import { waitInWords } from "../run/resolve-members.ts";
import { resolveSpec } from "../run/resolve-spec.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { checkStage } from "./members.ts";
import { withRowFile } from "./row-file.ts";
import type { SpecInCode } from "./spec-in-code.ts";
import { type BackendName, type Trained, type TrainOptions, train } from "./train.ts";

export interface PlaceOptions {
  /** The folder that keeps runs; KOFN_HOME, or `.kofn`, where absent. */
  readonly home?: string;
  /** A deployed stage in place of a home. */
  readonly stage?: string;
}

export interface ForecastOptions {
  readonly home?: string;
  /** Whose times are forecast: `emulated` (the default), `threads` or `simulated`. */
  readonly backend?: BackendName;
  /** What is to be least where the spec leaves something open; seconds where absent. */
  readonly goal?: "seconds" | "dollars";
}

/** What a run is expected to take. */
export interface Plan {
  /** The spec with nothing left to choose. */
  readonly spec: RunSpec;
  /** Whom it waits for, in words. */
  readonly wait: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly dollars: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
}

/** Forecasts a run and chooses what its spec leaves to `auto`, as `kofn plan`; starts nothing. */
export async function plan(spec: SpecInCode, options: ForecastOptions = {}): Promise<Plan> {
  const home = options.home ?? homePath();
  const backend = checkBackend(options.backend ?? "emulated");
  const open = checkSpec(resolveSpec(await withRowFile(spec, home)));
  const { goal = "seconds" } = options;
  const planned = await planInHome(home, { spec: open, backend, goal });
  const { spec: chosen, figures, choice } = planned;
  const { seconds, dollars, bytesDown, bytesUp } = figures;
  const rounds = choice.chosen.roundsToStop;
  const wait = waitInWords(chosen);
  return { spec: chosen, wait, rounds, seconds, dollars, bytesDown, bytesUp };
}

export interface ComparedRuns {
  /** By the settings' names. */
  readonly runs: Readonly<Record<string, Trained>>;
  /** The path of a page that shows them side by side. */
  readonly report: string;
}

/**
 * Trains once a setting, on the same delays: `settings` has by any name what differs from the spec,
 * such as `{ all: { wait: "all" }, some: { wait: { fastest: 6 } } }`.
 */
export async function compare(
  spec: SpecInCode,
  settings: Readonly<Record<string, Partial<Omit<SpecInCode, "data">>>>,
  options: Omit<TrainOptions, "name" | "onRound"> = {},
): Promise<ComparedRuns> {
  const home = options.home ?? homePath();
  const stored = (await withRowFile(spec, home)) as SpecInCode;
  const name = nameRun();
  const runs: Record<string, Trained> = {};
  for (const [i, [label, setting]] of Object.entries(settings).entries())
    runs[label] = await train({ ...stored, ...setting }, { ...options, name: `${name}-${i + 1}` });
  const labelled = Object.entries(runs).map(([label, { run }]) => ({ label, run }));
  return { runs, report: await writeComparison(name, labelled, home) };
}

/** A run of a home. */
export interface RunInList {
  readonly run: string;
  readonly startedAt: string;
  readonly backend: string;
  /** In words, as in "ridge, hadamard, fastest 12 of 16". */
  readonly what: string;
  readonly status: RunStatus;
  /** Of its last segment's end; null before that. */
  readonly rounds: number | null;
  readonly objective: number | null;
}

/** The runs of a home or of a deployed stage, the latest start last. */
export async function list(options: PlaceOptions = {}): Promise<RunInList[]> {
  const { home = homePath(), stage } = options;
  const listed = await withOpenHome({ home, stage }, async ({ store, isLive }) => {
    const runs: RunInList[] = [];
    for (const record of (await listRuns(store)).records) {
      const overview = await overviewOf(store, record, await isLive(record.run));
      const { run, startedAt, backend, what, status, result } = overview;
      const objective = Number.isFinite(result?.objective) ? result!.objective : null;
      const rounds = result?.rounds ?? null;
      runs.push({ run, startedAt, backend, what, status, rounds, objective });
    }
    return runs;
  });
  return listed ?? [];
}

export interface ExportOptions extends PlaceOptions {
  readonly format?: "safetensors" | "onnx" | "hub" | "tfjs" | "npy" | "json";
  /** A file, or for several files a folder; by the run's name where absent. */
  readonly output?: string;
}

/** Writes a run's model for others to read, as `kofn export`. Returns the path. */
export async function exportModel(run: string, options: ExportOptions = {}): Promise<string> {
  const { home = homePath(), stage, output } = options;
  const format = formatNamed(options.format ?? "safetensors");
  return exportRun({ home, stage }, run, { format, output });
}

/**
 * What releases come to at a delta, by every accountant that knows them, as `kofn account`: each is
 * a mapping such as `{ mechanism: "gaussian", sensitivity: 1, sigma: 2, times: 10 }`.
 */
export function account(
  releases: readonly Readonly<Record<string, unknown>>[],
  { delta }: { readonly delta: number },
): Account {
  const uses = releases.map((one, i): MechanismUse => parseMechanismUse(one, `releases[${i}]`));
  return accountReleases(uses, delta);
}

/**
 * Starts a run in a deployed stage, as `kofn run --stage`, and returns its name: it goes on without
 * this process. `list({ stage })` tells how far it is.
 */
export async function startInStage(
  spec: SpecInCode,
  { stage, home = homePath() }: { readonly stage: string; readonly home?: string },
): Promise<string> {
  const run = nameRun();
  const checked = checkSpec(resolveSpec(await withRowFile(spec, home)));
  checkStage(checked, stage, membersOf(stage));
  await startRemote({ run, spec: checked, stage });
  return run;
}
