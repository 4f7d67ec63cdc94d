import { checkReplayable, replay } from "../../engine/replay.ts";
import type { RunRecord } from "../../journal/run-record.ts";
import type { RunEvent } from "../../ports/events.ts";
import { removeAll } from "../../ports/remove-all.ts";
import type { Store } from "../../ports/store.ts";
import { checkArithmetic } from "../../run/arithmetic.ts";
import { readHistory } from "../../run/finish.ts";
import { loadProblem } from "../../run/ingest.ts";
import { modelDigest } from "../../run/model-weights.ts";
import { removingOldParts } from "../../run/old-parts.ts";
import { readManifests } from "../../run/orchestrate.ts";
import { openTraining } from "../../run/resolve-members.ts";
import { readResult } from "../../run/stored-end.ts";
import {
  encodeAgain,
  ephemeralShards,
  needsEphemeralShards,
} from "../../simulation/ephemeral-store.ts";
import { overlayStore } from "../../simulation/overlay-store.ts";
import { stepObjectsPrefix } from "../../store-layout.ts";
import type { TrainingStrategy } from "../../strategies/definition.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { createWorker } from "../../worker/worker.ts";
import { workerRequestOf } from "../backend.ts";

export interface Replayed {
  readonly rounds: number;
  /** Of the recomputed weights. */
  readonly weightsDigest: string;
  /** As the run reported it; null where the run has no result. */
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
  const { prepared, encoded } = await readManifests(store, record);
  await loadProblem(record.spec.problem, store);
  const strategyOf = (spec: RunRecord["spec"]) => openTraining(spec, { prepared, encoded }, record);
  // What tasks leave by reference is for the replay alone.
  const scratch = overlayStore(store);
  const perform = performer(scratch, record);
  const oldParts = removingOldParts(scratch, record.run);
  const eras = erasOf(record).map(({ upTo, spec }) => ({ upTo, strategy: strategyOf(spec) }));
  const last = strategyOf(record.spec);
  let current = eras[0]?.strategy ?? last;
  const strategy: TrainingStrategy = {
    start: () => current.start(),
    wanted: (state) => current.wanted(state),
    receive(state, arrival, atMs) {
      const step = current.receive(state, arrival, atMs);
      if (step.durable) {
        oldParts.saved(step.state, current.progress(step.state), false);
        oldParts.written(step.state);
      }
      return step;
    },
    resume: (state, atMs) => current.resume?.(state, atMs) ?? state,
    progress: (state) => current.progress(state),
  };
  function* watched(events: readonly RunEvent[]): Generator<RunEvent> {
    for (const event of events) {
      // Earlier settings end at the checkpoint that the resume continued from.
      if (event.type === "resumed")
        current = eras.find(({ upTo }) => upTo > event.sequence)?.strategy ?? last;
      if (event.type === "round") onRound(event.round);
      yield event;
    }
  }
  const state = await replay(strategy, watched(events), perform);
  const result = await readResult(store, record.run);
  const { round, model } = strategy.progress(state);
  return {
    rounds: round,
    weightsDigest: modelDigest(model),
    recordedDigest: result?.weightsDigest ?? null,
  };
}

/**
 * What held before each change, the first first. An optimizer stands with the last settings that it
 * held for: those before are of the same one.
 */
function erasOf({ spec, earlier = [] }: RunRecord): { upTo: number; spec: RunRecord["spec"] }[] {
  let { optimizer } = spec;
  return earlier
    .toReversed()
    .map(({ upTo, wait, stop, optimizer: own = optimizer }) => {
      optimizer = own;
      return { upTo, spec: { ...spec, wait, stop, optimizer } };
    })
    .toReversed();
}

/** A worker of the replay; what one step's tasks hand on goes when a later one begins. */
function performer(store: Store, record: RunRecord): (task: WorkerTask) => Promise<WorkerReply> {
  const work = createWorker(store, () => 0, record.spec.workers);
  let current = Number.NEGATIVE_INFINITY;
  return async (task) => {
    const { step = current } = task.objects ?? {};
    if (step > current) await removeAll(store, await store.list(stepObjectsPrefix(record.run)));
    current = Math.max(current, step);
    return work(workerRequestOf(record, task));
  };
}
