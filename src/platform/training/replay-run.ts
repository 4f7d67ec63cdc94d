import type { Encoded, Prepared } from "../../data/manifests.ts";
import { checkReplayable, replay } from "../../engine/replay.ts";
import type { RunRecord } from "../../journal/run-record.ts";
import type { ResultEvent, RunEvent } from "../../ports/events.ts";
import type { Store } from "../../ports/store.ts";
import { checkArithmetic } from "../../run/arithmetic.ts";
import { readHistory, readJson } from "../../run/finish.ts";
import { loadProblem } from "../../run/ingest.ts";
import { modelDigest } from "../../run/model-weights.ts";
import { openTraining } from "../../run/resolve-members.ts";
import { ephemeralState } from "../../simulation/ephemeral-state.ts";
import {
  encodeAgain,
  ephemeralShards,
  needsEphemeralShards,
} from "../../simulation/ephemeral-store.ts";
import { resultKey } from "../../store-layout.ts";
import type { TrainingStrategy } from "../../strategies/definition.ts";
import { createWorker } from "../../worker/worker.ts";
import { readEncodedManifest } from "../../worker/worker-context.ts";
import { workerRequestOf } from "../worker-compute.ts";

export interface Replayed {
  readonly rounds: number;
  /** Of the weights computed anew. */
  readonly weightsDigest: string;
  /** As the run reported it; null where it never got to a result. */
  readonly recordedDigest: string | null;
}

/** Feeds a run's recorded arrivals through its strategy, with every reply computed anew. */
export async function replayRun(
  home: Store,
  record: RunRecord,
  onRound: (round: number) => void = () => {},
): Promise<Replayed> {
  checkArithmetic(record);
  const events = await readHistory(home, record.run);
  checkReplayable(events);
  const store = needsEphemeralShards(record.spec) ? ephemeralShards(home) : home;
  if (needsEphemeralShards(record.spec)) await encodeAgain(record, store);
  const prepared = await readEncodedManifest<Prepared>(store, record.prepared);
  const encoded = await readEncodedManifest<Encoded>(store, record.encoded);
  await loadProblem(record.spec.problem, store);
  const strategyOf = (spec: RunRecord["spec"]) =>
    openTraining(spec, { prepared, encoded }, record.largestEigenvalue);
  const scratch = ephemeralState(store).store;
  const perform = createWorker(scratch, () => 0, record.spec.workers);
  const eras = (record.earlier ?? []).map(({ upTo, wait, stop }) => ({
    upTo,
    strategy: strategyOf({ ...record.spec, wait, stop }),
  }));
  const last = strategyOf(record.spec);
  let current = eras[0]?.strategy ?? last;
  const strategy: TrainingStrategy = {
    start: () => current.start(),
    wanted: (state) => current.wanted(state),
    receive: (state, arrival, atMs) => current.receive(state, arrival, atMs),
    resume: (state, atMs) => current.resume?.(state, atMs) ?? state,
    progress: (state) => current.progress(state),
  };
  function* watched(events: readonly RunEvent[]): Generator<RunEvent> {
    for (const event of events) {
      // What held before this resume ends with the checkpoint that it went on from.
      if (event.type === "resumed")
        current = eras.find(({ upTo }) => upTo > event.sequence)?.strategy ?? last;
      if (event.type === "round") onRound(event.round);
      yield event;
    }
  }
  const state = await replay(strategy, watched(events), (task) =>
    perform(workerRequestOf(record, task)),
  );
  const result = await readJson<ResultEvent>(store, resultKey(record.run));
  const { round, model } = strategy.progress(state);
  return {
    rounds: round,
    weightsDigest: modelDigest(model),
    recordedDigest: result?.weightsDigest ?? null,
  };
}
