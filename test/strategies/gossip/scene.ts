import { randomFrom } from "../../../src/core/random.ts";
import type { Encoded } from "../../../src/data/manifests.ts";
import type { Examples } from "../../../src/math/rows.ts";
import type { Store } from "../../../src/ports/store.ts";
import { problems } from "../../../src/problems/registry.ts";
import type { WaitRule } from "../../../src/quorum/wait-policies/policy.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import { calibrated } from "../../../src/strategies/gossip/schedule.ts";
import type { GossipPlan } from "../../../src/strategies/gossip/state.ts";
import type { ConsensusStepTask } from "../../../src/tasks/consensus-step.ts";
import { consensusStep } from "../../../src/tasks/consensus-step.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import type { WorkerContext } from "../../../src/tasks/task-kind.ts";
import { metropolis } from "../../../src/topology/mixing.ts";
import { topologies } from "../../../src/topology/registry.ts";

export interface SceneOptions {
  readonly nodes?: number;
  readonly rounds?: number;
  readonly graph?: string;
  readonly dimension?: number;
  readonly store?: Store;
  readonly run?: string;
  readonly wait?: WaitRule;
  /** Of the budget that the ledger holds; the noise is made for epsilon 1. */
  readonly epsilon?: number;
}

export interface Scene {
  readonly plan: GossipPlan;
  readonly store: Store;
  readonly run: string;
  readonly shards: readonly Examples[];
  /** As a worker does: reads, computes, publishes. */
  perform(task: WorkerTask): Promise<WorkerReply>;
}

const clip = 1;
export const problem = problems.create({ type: "mean" });

/** A plan, and nodes of a few rows each in a store. */
export function sceneOf(options: SceneOptions = {}): Scene {
  const { nodes = 6, rounds = 5, graph = "ring", dimension = 3, epsilon = 1 } = options;
  const { store = memoryStore(), run = "scene" } = options;
  const shards = rowsOf(nodes, dimension);
  const about = { steps: { decaying: 1 }, messages: rounds, dimension, noise: "gaussian" } as const;
  const schedule = calibrated({ ...about, epsilon: 1, delta: 1e-5, gradientSensitivity: 2 });
  const shape = topologies.create({ type: graph }).graph(nodes);
  const plan: GossipPlan = {
    graph: shape,
    mixing: metropolis(shape),
    weightsLength: dimension,
    messages: schedule.map(({ step, sensitivity, noise }) =>
      shards.map(() => ({
        rule: { step, clip, divisor: 4, region: { ball: 5 }, intercept: false },
        noise: { mechanism: "gaussian", adjacency: "replace-one", sensitivity, noise },
      })),
    ),
    unit: "node",
    budget: { epsilon, delta: 1e-5 },
    observers: "all who read messages",
    wait: options.wait ?? { needed: nodes, enough: nodes, deadlineMs: Number.POSITIVE_INFINITY },
    patienceMs: 600_000,
  };
  return { plan, store, run, shards, perform: (task) => performed(store, run, shards, task) };
}

/** Rows with numbers that are nobody else's. */
export function rowsOf(nodes: number, dimension: number): Examples[] {
  return Array.from({ length: nodes }, (_, node) => {
    const random = randomFrom(`gossip/${node}`);
    const values = Float32Array.from({ length: 4 * dimension }, () => random.uniform() - 0.5);
    return {
      rows: { kind: "dense", rows: 4, columns: dimension, values },
      targets: values.slice(0, 4),
    };
  });
}

/** One task from nothing: a cold start, or a fork, of a node. */
export async function performed(
  store: Store,
  run: string,
  shards: readonly Examples[],
  given: WorkerTask,
): Promise<WorkerReply> {
  const task = given as ConsensusStepTask;
  const place: WorkerContext = {
    store,
    run,
    slot: task.slot,
    slots: 1,
    encoded: { digest: "scene" } as Encoded,
    shard: async () => shards[task.slot]!,
    object: () => Promise.reject(new Error("not asked for")),
    cached: (_name, make) => make(),
  };
  const material = await consensusStep.load(place);
  const input = await consensusStep.prepare!(place, material, task, problem);
  const made = consensusStep.compute(problem, input, task);
  return { ...(await consensusStep.publish!(place, task, made)), computeMs: 0 };
}
