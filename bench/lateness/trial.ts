import { runLoop } from "../../src/engine/loop.ts";
import { openDataSource } from "../../src/platform/open-source.ts";
import { knownCurvature } from "../../src/run/curvature.ts";
import { evaluate } from "../../src/run/evaluate.ts";
import { ingest } from "../../src/run/ingest.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import { openTraining, resolveMembers } from "../../src/run/resolve-members.ts";
import { type RunInput, resolveSpec } from "../../src/run/resolve-spec.ts";
import { simulatedCompute } from "../../src/simulation/simulated-compute.ts";
import { virtualClock } from "../../src/simulation/virtual-clock.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { encodedKey } from "../../src/store-layout.ts";
import type { WorkerReply, WorkerTask } from "../../src/tasks/protocol.ts";
import { type FaultModel, faultModelOf } from "../../src/weather/fault-decision.ts";
import { weatherFrom } from "../../src/weather/weather.ts";
import { createSyncWorker } from "../../src/worker/worker.ts";
import type { Policy } from "./policies.ts";

/** The time of an undisturbed task: the same for everyone, and computing by the stored row. */
export interface Task {
  readonly baseMs: number;
  /** Over a slot's share of the data, each row once. */
  readonly computeMs: number;
}

export interface Trial {
  readonly policy: Policy;
  readonly task: Task;
  readonly weather: { readonly model: string };
  /** Trials of one number have the same lateness, whatever the policy. */
  readonly number: number;
}

/** What came of a run: when each round ended, what it had cost, how good its weights were. */
export interface Course {
  readonly endsMs: readonly number[];
  readonly dollars: readonly number[];
  readonly objectives: readonly number[];
}

const store = memoryStore();

/** Trains once, in memory and on a virtual clock. Data are encoded once for all trials. */
export async function course(common: RunInput, trial: Trial): Promise<Course> {
  const { policy, task } = trial;
  const spec = resolveSpec({ ...common, ...policy.spec } as RunInput);
  const { problem } = resolveMembers(spec);
  const staged = await ingest(spec, { open: openDataSource, store });
  const { prepared, encoded } = staged;
  const curvature = await knownCurvature(store, spec, prepared);
  const strategy = openTraining(spec, staged, curvature);
  const work = createSyncWorker(store, () => 0, spec.workers);
  const request = { run: "trial", encoded: encodedKey(encoded.digest), problem: spec.problem };
  const stored = encoded.slots.reduce((sum, { rows }) => sum + rows, 0);
  const share = stored / encoded.rows;
  const clock = virtualClock();
  const fates = fatesFor(trial);
  const compute = simulatedCompute<WorkerTask, WorkerReply>({
    clock,
    perform: (asked) => work({ ...request, task: asked }),
    workMs: () => task.baseMs + task.computeMs * share,
    fateOf: ({ id, slot, round }, isCold) => fates({ task: id, slot, round }, isCold),
    bytesDown: () => 0,
    bytesUp: () => 0,
    replyBytes: () => 0,
  });
  const weights: Float32Array<ArrayBuffer>[] = [];
  const endsMs: number[] = [];
  const dollars: number[] = [];
  let spentUsd = 0;
  await runLoop(strategy, {
    clock,
    compute,
    emit(event) {
      if (event.type === "arrival") spentUsd += event.usage.costUsd;
    },
    save(state, elapsedMs) {
      const { round, model } = strategy.progress(state);
      // Asynchronous steps are many: those of a pass are looked at together.
      if (round % (spec.strategy.type === "async-sgd" ? spec.workers : 1) !== 0) return;
      weights.push(wholeWeights(model));
      endsMs.push(elapsedMs);
      dollars.push(spentUsd);
    },
    mayStop: () => null,
  });
  await compute.close();
  const evaluations = await evaluate({ store, prepared }, problem, weights);
  return { endsMs, dollars, objectives: evaluations.map(({ objective }) => objective) };
}

function fatesFor({ policy, weather, number }: Trial): FaultModel {
  const fates = faultModelOf(weatherFrom(weather), `trial-${number}`);
  if (policy.isOracle !== true) return fates;
  return (moment, isCold) => {
    const own = fates(moment, isCold);
    const copy = fates({ ...moment, task: `${moment.task}/copy-1` }, isCold);
    return copy.delayMs < own.delayMs ? { ...own, delayMs: copy.delayMs } : own;
  };
}
