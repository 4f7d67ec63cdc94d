import type { Encoded, Prepared } from "../data/prepared.ts";
import type { ResultEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import { readHistory, weightsDigest } from "../run/finish.ts";
import { roundsPlan } from "../run/plan.ts";
import { readRecord } from "../run/record.ts";
import { replay } from "../run/replay.ts";
import { rounds } from "../run/strategies/rounds.ts";
import { createWorker, readManifest } from "../run/worker.ts";
import { requestOf } from "./worker-compute.ts";

export interface Replayed {
  /** Of the weights that the recorded arrivals lead to. */
  readonly weightsDigest: string;
  /** Of the weights that the run itself ended with; null while it has no result. */
  readonly recordedDigest: string | null;
  readonly rounds: number;
}

/** Computes a run again from its recorded arrivals and the stored shards, in this process. */
export async function replayRun(store: Store, run: string): Promise<Replayed> {
  const record = await readRecord(store, run);
  const prepared = await readManifest<Prepared>(store, record.prepared);
  const encoded = await readManifest<Encoded>(store, record.encoded);
  const plan = roundsPlan(record.spec, prepared, encoded, record.largestEigenvalue);
  const perform = createWorker(store, () => 0, encoded.workers);
  const events = await readHistory(store, run);
  const state = await replay(rounds(plan), events, (task) => perform(requestOf(record, task)));
  const result = events.find((event): event is ResultEvent => event.type === "result");
  return {
    weightsDigest: weightsDigest(state.weights),
    recordedDigest: result?.weightsDigest ?? null,
    rounds: state.round,
  };
}
