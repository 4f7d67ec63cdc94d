import { finiteOrNull } from "../../core/json.ts";
import { readBatches, readCheckpoint } from "../../journal/checkpoint.ts";
import type { ResultEvent, RunEvent, RunFacts, TableTraffic } from "../../ports/events.ts";
import type { Store } from "../../ports/store.ts";

/** How far a run came, and what happened last. */
export interface RunLatest {
  readonly facts: RunFacts | null;
  readonly rounds: number;
  /** Null where nothing is known. */
  readonly objective: number | null;
  readonly objectiveIsEstimate: boolean;
  readonly train: Readonly<Record<string, number>>;
  readonly test: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly dollars: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly erasures: number;
  /** How tables' gradients travelled in the last round. */
  readonly tables: readonly TableTraffic[];
  /** The last events, as many as were requested, in order. */
  readonly events: readonly RunEvent[];
}

/**
 * The same figures as from a run's whole history, read from its two ends: the first batch of
 * events, as many of the last as it takes, the checkpoint's totals, and the result if there is one.
 */
export async function readLatest(
  store: Store,
  run: string,
  result: ResultEvent | null,
  wanted: { readonly count: number; isNews(event: RunEvent): boolean },
): Promise<RunLatest> {
  const checkpoint = await readCheckpoint<object>(store, run);
  const last = checkpoint?.sequence ?? 0;
  const events: RunEvent[] = [];
  let sequence = last;
  let named = checkpoint?.events;
  const batch = async (upTo: number) => {
    const read = await readBatches(store, run, { upTo, after: upTo - 1, last: named });
    named = read.before;
    return read.events;
  };
  const isEnough = () =>
    events.some(({ type }) => type === "round") &&
    events.filter(wanted.isNews).length >= wanted.count;
  for (; sequence > 1 && !isEnough(); sequence--) events.unshift(...(await batch(sequence)));
  // Between two batches that are not neighbours nothing tells of the other.
  if (sequence > 1) named = undefined;
  const first = last === 0 ? [] : await batch(1);
  const started = first.find((event) => event.type === "started");
  // Both ends met: the first batch is among the last events.
  const all = sequence <= 1 ? [...first, ...events] : events;
  const round = all.findLast((event) => event.type === "round");
  const estimate = finiteOrNull(round?.objectiveEstimate);
  const totals = checkpoint?.totals;
  return {
    facts: started?.facts ?? null,
    rounds: result?.rounds ?? (round === undefined ? 0 : round.round + 1),
    objective: result === null ? estimate : finiteOrNull(result.objective),
    objectiveIsEstimate: result === null && estimate !== null,
    train: result?.metrics.train ?? {},
    test: result?.metrics.test ?? {},
    seconds: result?.seconds ?? lastMs(all) / 1000,
    dollars: result?.dollars ?? totals?.costUsd ?? 0,
    bytesUp: result?.bytesUp ?? totals?.bytesUp ?? 0,
    bytesDown: result?.bytesDown ?? totals?.bytesDown ?? 0,
    erasures: result?.erasures ?? totals?.erasures ?? 0,
    tables: round?.tables ?? [],
    events: all.filter(wanted.isNews).slice(-wanted.count),
  };
}

function lastMs(events: readonly RunEvent[]): number {
  const from = events.findLastIndex(({ type }) => type === "resumed");
  return events
    .slice(Math.max(0, from))
    .reduce((latest, event) => Math.max(latest, "atMs" in event ? event.atMs : 0), 0);
}
