import { RunError } from "../../core/errors.ts";
import { nearest } from "../../core/text.ts";
import { eventsIn } from "../../journal/checkpoint.ts";
import { checkRunName, type RunRecord, readRecord } from "../../journal/run-record.ts";
import type { ResultEvent, RunEvent, StoppedEvent } from "../../ports/events.ts";
import type { Store } from "../../ports/store.ts";
import { segmentOver } from "../../run/interruption.ts";
import { waitInWords } from "../../run/resolve-members.ts";
import { readResult } from "../../run/stored-end.ts";
import { damagedObject } from "../../store-damage.ts";
import { eventsKey, modelKey, recordKey, stateKey } from "../../store-layout.ts";

/** A run as a list shows it. */
export interface RunOverview {
  readonly run: string;
  readonly startedAt: string;
  readonly backend: string;
  /** In words, as in "ridge, hadamard, fastest 12 of 16". */
  readonly what: string;
  readonly status: RunStatus;
  /** Why it stopped, where it did before its end. */
  readonly reason: string;
  /** Of its last segment's end; null before that. */
  readonly result: ResultEvent | null;
  /** Its end has been evaluated: the result is that of its last segment. */
  readonly isReported: boolean;
}

export type RunStatus = "done" | "running" | "stopped" | "unfinished";

/** The records of all runs, the latest start last, and what is wrong with damaged ones. */
export async function listRuns(
  store: Store,
): Promise<{ readonly records: RunRecord[]; readonly damage: RunError[] }> {
  const keys = await store.list("runs/");
  const names = keys.flatMap((key) => /^runs\/([^/]+)\/run\.json$/.exec(key)?.[1] ?? []);
  const started = keys.flatMap((key) => /^runs\/([^/]+)\/state\./.exec(key)?.[1] ?? []);
  const damage = started.filter((name) => !names.includes(name)).map(withoutRecord);
  const records = await Promise.all(
    names.map((name) => unlessDamaged(readRecord(store, name), (thrown) => damage.push(thrown))),
  );
  const whole = records.filter((record) => record !== null);
  return { records: whole.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1)), damage };
}

/** A state comes after a record. */
function withoutRecord(run: string): RunError {
  return damagedObject(recordKey(run), "it is not in the store, and the run's checkpoint is");
}

/** Null where what is read is damaged, which `onDamage` is told. */
export async function unlessDamaged<T>(
  reading: Promise<T>,
  onDamage: (thrown: RunError) => void = () => undefined,
): Promise<T | null> {
  try {
    return await reading;
  } catch (thrown) {
    if (!(thrown instanceof RunError) || thrown.code !== "damaged-object") throw thrown;
    onDamage(thrown);
    return null;
  }
}

/**
 * The run that a person means: a name, a unique part of one, or `latest`. Who needs a model means
 * by `latest` the latest run that has one.
 */
export async function findRun(
  store: Store,
  text: string,
  needs: "model" | "nothing" = "nothing",
): Promise<RunRecord> {
  const name = text === "latest" ? text : checkRunName(text);
  if (name !== "latest" && (await store.read(recordKey(name))) !== null)
    return readRecord(store, name);
  const { records } = await listRuns(store);
  if (name !== "latest" && (await store.read(stateKey(name))) !== null) throw withoutRecord(name);
  const matches =
    name === "latest" ? await latestOf(records, store, needs) : matching(name, records);
  if (matches.length === 1) return matches[0]!;
  if (matches.length === 0)
    throw unknownRun(
      text,
      records.map(({ run }) => run),
    );
  const some = matches.slice(0, 4).map(({ run }) => run);
  throw new RunError("ambiguous-run", `${text}: ${matches.length} runs have that in their names`, {
    hint: `write more of the name: ${some.join(", ")}${matches.length > 4 ? ", ..." : ""}`,
  });
}

async function latestOf(
  records: readonly RunRecord[],
  store: Store,
  needs: "model" | "nothing",
): Promise<readonly RunRecord[]> {
  if (needs === "model")
    for (const record of records.toReversed())
      if ((await store.list(modelKey(record.run))).length > 0) return [record];
  return records.slice(-1);
}

/** Generated names begin with a date: another part is easier to type. */
function matching(part: string, records: readonly RunRecord[]): RunRecord[] {
  const beginning = records.filter(({ run }) => run.startsWith(part));
  return beginning.length > 0 ? beginning : records.filter(({ run }) => run.includes(part));
}

/** The error for a name that no run has. */
export function unknownRun(name: string, names: readonly string[]): RunError {
  if (names.length === 0)
    return new RunError("unknown-run", `${name}: there are no runs in this home yet`, {
      hint: "start one: kofn run SPEC; KOFN_HOME says where runs are kept",
    });
  return new RunError("unknown-run", `there is no run called ${name}`, {
    hint: `${nearest(name, names)}kofn list shows the runs that are there`,
  });
}

/**
 * `isLive`: another process serves this home, so that a run without an end may be going on.
 * `reading` may take a damaged result for none.
 */
export async function overviewOf(
  store: Store,
  record: RunRecord,
  isLive: boolean,
  reading = readResult,
): Promise<RunOverview> {
  const { run, startedAt, backend, spec } = record;
  const stopped = await lastStop(store, run);
  const what = [spec.problem.type, spec.encoding.type, spec.optimizer.type, waitInWords(spec)].join(
    ", ",
  );
  const result = await reading(store, run);
  return {
    run,
    startedAt,
    backend,
    what,
    status: statusOf(stopped, isLive),
    reason: reasonOf(stopped, result),
    result,
    isReported: stopped !== null && result?.seconds === stopped.atMs / 1000,
  };
}

function reasonOf(stopped: StoppedEvent | null, result: ResultEvent | null): string {
  if (stopped === null) return "";
  if (stopped.kind !== "done") return stopped.reason;
  return result === null ? "its result is not written: kofn resume writes it" : "";
}

function statusOf(stopped: StoppedEvent | null, isLive: boolean): RunStatus {
  // Between two segments of a run in AWS nothing runs, but the next one starts by itself.
  if (stopped === null || stopped.reason === segmentOver) return isLive ? "running" : "stopped";
  if (stopped.kind === "done" || stopped.kind === "unfinished") return stopped.kind;
  return "stopped";
}

/** How the run's last segment ended, null while it has not or where it was killed. */
async function lastStop(store: Store, run: string): Promise<StoppedEvent | null> {
  const folder = eventsKey(run, 0).replace(/[^/]+$/, "");
  const key = (await store.list(folder)).at(-1);
  const bytes = key === undefined ? null : await store.read(key);
  if (key === undefined || bytes === null) return null;
  const last: RunEvent | undefined = eventsIn(bytes, key).at(-1);
  return last?.type === "stopped" ? last : null;
}
