import type { Encoded, Prepared } from "../../../src/data/manifests.ts";
import type { Examples } from "../../../src/math/rows.ts";
import { resolveMembers } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";
import { type AnytimeOptions, anytimePlan } from "../../../src/strategies/anytime/definition.ts";
import type { AnytimePlan } from "../../../src/strategies/anytime/strategy.ts";
import type { AnytimeGradientTask } from "../../../src/tasks/anytime-gradient.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { taskKindOf, taskWithinTime } from "../../../src/tasks/registry.ts";
import { trial } from "../../run/fixtures.ts";

export const l2 = 0.05;
export const learningRate = 0.1;
export const block = 4;
/** A row takes a millisecond, and a round twenty. */
export const timeMs = 20;
const rowMs = 1;

export interface Scene {
  readonly plan: AnytimePlan;
  readonly shards: readonly Examples[];
  perform(task: WorkerTask): WorkerReply;
  /** As a simulation has it: rows follow from lateness. */
  readonly time: {
    workMs(task: WorkerTask): number;
    withinTime(task: WorkerTask, delayMs: number): WorkerTask;
  };
}

/** A plan as a spec makes it, and slots of some two dozen rows each. */
export function sceneOf(change: object = {}): Scene {
  const spec = resolveSpec({
    problem: { type: "ridge", l2 },
    data: { generate: { type: "regression", rows: 96 } },
    workers: 4,
    strategy: { type: "anytime", seconds: timeMs / 1000, block },
    optimizer: { type: "sgd", learningRate },
    stop: { rounds: 8, tolerance: 0, patience: 600 },
    ...change,
  });
  const members = resolveMembers(spec);
  const { shards } = trial({ workers: 4, rows: 96, columns: 5, encoding: spec.encoding });
  const prepared = { columns: 5, preparation: { intercept: false, target: {} } };
  const encoded = { slots: shards.map(({ targets }) => ({ rows: targets.length })) };
  const plan = anytimePlan(
    {
      ...members,
      spec,
      prepared: prepared as unknown as Prepared,
      encoded: encoded as unknown as Encoded,
      largestEigenvalue: 4,
    },
    spec.strategy as unknown as AnytimeOptions,
  );
  const shardMs = (task: WorkerTask) => rowMs * (task as AnytimeGradientTask).storedRows;
  return {
    plan,
    shards,
    perform: (task) => ({
      ...taskKindOf(task)!.compute(members.problem, shards[task.slot]!, task),
      computeMs: 0,
    }),
    time: {
      workMs: ({ exactRows }) => rowMs * exactRows!,
      withinTime: (task, delayMs) => taskWithinTime(task, delayMs, shardMs(task)),
    },
  };
}
