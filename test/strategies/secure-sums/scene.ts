import type { Encoded } from "../../../src/data/manifests.ts";
import type { Store } from "../../../src/ports/store.ts";
import { committeeOf } from "../../../src/privacy/mechanisms/secure-sum.ts";
import { problems } from "../../../src/problems/registry.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import type { LocalStepsPlan } from "../../../src/strategies/local-steps/state.ts";
import type { MaskSumTask } from "../../../src/tasks/mask-sum.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { taskKindOf } from "../../../src/tasks/registry.ts";
import type { WorkerContext } from "../../../src/tasks/task-kind.ts";
import { localPlan, type PlanOptions, regressionShards } from "../local-steps/scene.ts";

export const columns = 6;
export const workers = 5;
export const problem = problems.create({ type: "ridge", l2: 0.01 } as never);
export const shards = regressionShards(workers, 100, columns);

export interface SecureScene {
  readonly plan: LocalStepsPlan;
  /** Every task, and what was replied to it. */
  readonly asked: { readonly task: WorkerTask; readonly reply: WorkerReply }[];
  /** As a worker does that was just started. */
  perform(task: WorkerTask): Promise<WorkerReply>;
}

/** Local steps whose changes are told in sum alone, over a store. */
export function secureScene(
  options: PlanOptions = {},
  storeOf: (task: WorkerTask) => Store = always(memoryStore()),
): SecureScene {
  const secure = committeeOf(3);
  const plan = localPlan(problem, shards, columns, {
    secure,
    steps: 3,
    batch: 4,
    feedback: "none",
    roundsMax: 4,
    ...options,
  });
  const asked: SecureScene["asked"] = [];
  const perform = async (task: WorkerTask): Promise<WorkerReply> => {
    const place: WorkerContext = {
      store: storeOf(task),
      run: "trial",
      slot: task.slot,
      slots: 1,
      encoded: { digest: "scene" } as Encoded,
      shard: async () => shards[task.slot]!,
      object: () => Promise.reject(new Error("not asked for")),
      cached: (_name, make) => make(),
    };
    const kind = taskKindOf(task)!;
    const material = await kind.load(place);
    const input = (await kind.prepare?.(place, material, task, problem)) ?? material;
    const made = kind.compute(problem, input, task);
    const reply = { ...((await kind.publish?.(place, task, made)) ?? made), computeMs: 0 };
    asked.push({ task, reply });
    return reply;
  };
  return { plan, asked, perform };
}

export function always(store: Store): () => Store {
  return () => store;
}

/** By round: every set of slots whose masks members told. */
export function openedSets({ asked }: Pick<SecureScene, "asked">): Map<number, Set<string>> {
  const sets = new Map<number, Set<string>>();
  for (const { task, reply } of asked) {
    if (task.operation !== "mask-sum" || reply.payload!.length === 0) continue;
    const { round, parties } = task as MaskSumTask;
    sets.set(round, (sets.get(round) ?? new Set()).add(parties.join()));
  }
  return sets;
}
