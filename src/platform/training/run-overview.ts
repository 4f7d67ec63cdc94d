import { RunError } from "../../core/errors.ts";
import { nearest } from "../../core/text.ts";
import type { EventBatch } from "../../journal/checkpoint.ts";
import { checkRunName, type RunRecord, readRecord } from "../../journal/run-record.ts";
import type { ResultEvent, RunEvent, StoppedEvent } from "../../ports/events.ts";
import type { Store } from "../../ports/store.ts";
import { readJson } from "../../run/finish.ts";
import { waitInWords } from "../../run/resolve-members.ts";
import { segmentOver } from "../../run/segment.ts";
import { eventsKey, modelKey, recordKey, resultKey } from "../../store-layout.ts";
import { fromPacket } from "../../wire/packet.ts";

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

/** Names of all runs, the latest start last. */
export async function listRuns(store: Store): Promise<RunRecord[]> {
  const keys = await store.list("runs/");
  const names = keys.flatMap((key) => /^runs\/([^/]+)\/run\.json$/.exec(key)?.[1] ?? []);
  const records = await Promise.all(names.map((name) => readRecord(store, name)));
  return records.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
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
  const records = await listRuns(store);
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

/** `isLive`: another process serves this home, so that a run without an end may be going on. */
export async function overviewOf(
  store: Store,
  record: RunRecord,
  isLive: boolean,
): Promise<RunOverview> {
  const { run, startedAt, backend, spec } = record;
  const stopped = await lastStop(store, run);
  const what = [spec.problem.type, spec.encoding.type, spec.optimizer.type, waitInWords(spec)].join(
    ", ",
  );
  const result = await readJson<ResultEvent>(store, resultKey(run));
  return {
    run,
    startedAt,
    backend,
    what,
    status: statusOf(stopped, isLive),
    reason: stopped === null || stopped.kind === "done" ? "" : stopped.reason,
    result,
    isReported: stopped !== null && result?.seconds === stopped.atMs / 1000,
  };
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
  const last: RunEvent | undefined = fromPacket<EventBatch>(bytes, key).events.at(-1);
  return last?.type === "stopped" ? last : null;
}
