import { randomFrom } from "../../../src/core/random.ts";
import type { Encoded, Prepared } from "../../../src/data/manifests.ts";
import type { Examples } from "../../../src/math/rows.ts";
import type { Store } from "../../../src/ports/store.ts";
import { resolveMembers } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import { dpSgdPlan } from "../../../src/strategies/dp-sgd/definition.ts";
import type { DpSgdPlan } from "../../../src/strategies/dp-sgd/state.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { taskKindOf } from "../../../src/tasks/registry.ts";
import type { WorkerContext } from "../../../src/tasks/task-kind.ts";

export const columns = 4;
const rowsPerSlot = 6;

export interface SceneOptions {
  readonly store?: Store;
  readonly run?: string;
  /** Changes of the spec. */
  readonly change?: object;
  readonly noise?: "aggregator" | "workers";
  readonly secureSum?: 3 | 5;
  readonly rate?: number;
  /** How many rows the plan is told of, where that is not how many there are. */
  readonly rows?: number;
}

export interface Scene {
  readonly plan: DpSgdPlan;
  readonly store: Store;
  readonly run: string;
  readonly shards: readonly Examples[];
  readonly spec: ReturnType<typeof resolveSpec>;
  readonly encoded: Encoded;
  /** As a worker does that was just started: reads, computes, publishes. */
  perform(task: WorkerTask): Promise<WorkerReply>;
}

/** A plan as a spec makes it, and slots of a few rows each in a store. */
export function sceneOf(options: SceneOptions = {}): Scene {
  const { store = memoryStore(), run = "scene", noise = "aggregator", rate = 1 } = options;
  const { secureSum } = options;
  const spec = resolveSpec({
    problem: { type: "softmax", l2: 0.1 },
    data: {
      generate: { type: "classification", rows: 24 },
      standardize: false,
      classes: [0, 1, 2],
    },
    workers: 4,
    wait: "all",
    strategy: { type: "dp-sgd", rate, noise, ...(secureSum && { secureSum }) },
    optimizer: { type: "sgd", learningRate: 0.5, momentum: 0.5 },
    privacy: { epsilon: 2, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 },
    stop: { rounds: 5, patience: 600 },
    ...options.change,
  });
  const parts = resolveMembers(spec);
  const shards = Array.from({ length: spec.workers }, (_, slot) => rowsOf(slot));
  const classes = ["a", "b", "c"].slice(0, Math.min(3, parts.problem.classesMax));
  const prepared = { columns, preparation: { intercept: false, target: { classes } } };
  const { rows: told = rowsPerSlot * spec.workers } = options;
  const encoded = { rows: told, digest: "scene" } as Encoded;
  const opening = { ...parts, spec, prepared: prepared as unknown as Prepared, encoded };
  const plan = dpSgdPlan({ ...opening, largestEigenvalue: 0 }, { rate, noise, secureSum });
  const perform = async (task: WorkerTask): Promise<WorkerReply> => {
    const place: WorkerContext = {
      store,
      run,
      slot: task.slot,
      slots: 1,
      encoded,
      shard: async () => shards[task.slot]!,
      object: () => Promise.reject(new Error("not asked for")),
      cached: (_name, make) => make(),
    };
    const operation = taskKindOf(task)!;
    const material = await operation.load(place);
    const input = (await operation.prepare?.(place, material, task, parts.problem)) ?? material;
    const made = operation.compute(parts.problem, input, task);
    return { ...((await operation.publish?.(place, task, made)) ?? made), computeMs: 0 };
  };
  return { plan, store, run, shards, spec, encoded, perform };
}

/** Rows with numbers that are nobody else's. */
function rowsOf(slot: number): Examples {
  const random = randomFrom(`dp-sgd/${slot}`);
  const values = Float32Array.from({ length: rowsPerSlot * columns }, () => random.normal());
  const targets = Float32Array.from({ length: rowsPerSlot }, (_, row) => (row + slot) % 3);
  return { rows: { kind: "dense", rows: rowsPerSlot, columns, values }, targets };
}
