import { RunError } from "../core/errors.ts";
import { noNotes, readNotes } from "../journal/run-notes.ts";
import type { RunRecord } from "../journal/run-record.ts";
import { readRecord } from "../journal/run-record.ts";
import type { OpenedRun } from "../platform/training/open-run.ts";
import { listRuns, overviewOf, unlessDamaged } from "../platform/training/run-overview.ts";
import type { PrivacySpent, ResultEvent } from "../ports/events.ts";
import { type LiveStatus, noBudgets, type RunRow } from "../report/live/protocol.ts";
import { privacySpent } from "../run/privacy-spent.ts";
import { readEvaluated } from "../run/stored-end.ts";
import type { RunSpec } from "../spec/run-spec.ts";

/** What holds of a run now. A run without a record is starting: its data are being prepared. */
export async function liveStatusOf({ store, isLive }: OpenedRun, run: string): Promise<LiveStatus> {
  const about = { run, problem: "", privacy: null, evaluated: [], result: null };
  try {
    const record = await recordOrNull(store, run);
    if (record === null) return { ...about, status: "starting", reason: "", budgets: noBudgets };
    const overview = await overviewOf(store, record, await isLive(run));
    const { status, reason, isReported } = overview;
    const ended = isReported && status !== "running";
    return {
      ...about,
      status,
      reason,
      budgets: budgetsOf(record.spec),
      result: ended ? overview.result : null,
      evaluated: ended ? await readEvaluated(store, run) : [],
    };
  } catch (thrown) {
    if (!(thrown instanceof RunError) || thrown.code !== "damaged-object") throw thrown;
    const reason = `${thrown.message} (${thrown.hint})`;
    return { ...about, status: "damaged", reason, budgets: noBudgets };
  }
}

/** What a private run has spent by now; null for another one, and before it has a record. */
export async function spentOf({ store }: OpenedRun, run: string): Promise<PrivacySpent | null> {
  const record = await unlessDamaged(recordOrNull(store, run));
  return record === null ? null : unlessDamaged(privacySpent(store, run, record.spec));
}

async function recordOrNull(store: OpenedRun["store"], run: string): Promise<RunRecord | null> {
  try {
    return await readRecord(store, run);
  } catch (thrown) {
    if (thrown instanceof RunError && thrown.code === "unknown-run") return null;
    throw thrown;
  }
}

function budgetsOf({ stop }: RunSpec): LiveStatus["budgets"] {
  const { rounds, seconds = null, dollars = null } = stop;
  return { rounds, seconds, dollars };
}

/** Every run of a store, the latest start first. Damaged ones are listed as such. */
export async function runRows({ store, isLive }: OpenedRun): Promise<RunRow[]> {
  const { records } = await listRuns(store);
  const rows: RunRow[] = [];
  for (const record of records.toReversed()) {
    const { run, startedAt, backend, spec } = record;
    const reading = overviewOf(store, record, await isLive(run));
    const overview = await unlessDamaged(reading);
    rows.push({
      run,
      startedAt,
      backend,
      status: overview?.status ?? "damaged",
      parameters: parametersOf(spec),
      metrics: metricsOf(overview?.result ?? null),
      ...((await unlessDamaged(readNotes(store, run))) ?? noNotes),
    });
  }
  return rows;
}

const parametersMax = 80;
const textMax = 80;

/** The spec's options by their paths; what is no number, truth value or text stays out. */
export function parametersOf(spec: object): RunRow["parameters"] {
  const found: [string, string | number | boolean][] = [];
  const visit = (value: unknown, path: string): void => {
    if (found.length >= parametersMax) return;
    if (typeof value === "string") found.push([path, value.slice(0, textMax)]);
    else if (typeof value === "number" || typeof value === "boolean") found.push([path, value]);
    else if (typeof value === "object" && value !== null)
      for (const [name, inner] of Object.entries(value))
        visit(inner, path === "" ? name : `${path}.${name}`);
  };
  visit(spec, "");
  return Object.fromEntries(found);
}

function metricsOf(result: ResultEvent | null): RunRow["metrics"] {
  if (result === null) return {};
  const { rounds, objective, seconds, dollars, erasures, epsilon, metrics } = result;
  const named = (of: "test" | "train") =>
    Object.fromEntries(
      Object.entries(metrics[of]).map(([name, value]) => [`${of} ${name}`, value]),
    );
  const spent = epsilon === undefined ? {} : { epsilon };
  const used = { rounds, seconds, dollars, ...spent, erasures };
  return { objective, ...named("test"), ...used, ...named("train") };
}
