import { randomFrom } from "../../../src/core/random.ts";
import type { Examples } from "../../../src/math/rows.ts";
import type { Problem } from "../../../src/problems/problem.ts";
import { problems } from "../../../src/problems/registry.ts";
import { waitPolicy } from "../../../src/quorum/wait-policies/registry.ts";
import type { Wait } from "../../../src/quorum/wait-policies/wait.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import type { LocalStepsPlan } from "../../../src/strategies/local-steps/state.ts";
import type { LocalStepsTask } from "../../../src/tasks/local-steps.ts";
import { localStepsTask as operation } from "../../../src/tasks/local-steps.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import type { WorkerContext } from "../../../src/tasks/task-kind.ts";
import { linearExamples } from "../../run/fixtures.ts";

export type PlanOptions = Partial<Omit<LocalStepsPlan, "wait">> & {
  readonly wait?: Wait | LocalStepsPlan["wait"];
};

/** A plan over some shards, in memory. */
export function localPlan(
  problem: Problem,
  shards: readonly Examples[],
  weightsLength: number,
  options: PlanOptions = {},
): LocalStepsPlan {
  const { wait = "all", ...rest } = options;
  const stored = shards.reduce((sum, { targets }) => sum + targets.length, 0);
  const workers = shards.length;
  const isPolicy = typeof wait === "object" && "observe" in wait;
  return {
    problem,
    shape: { columns: shards[0]!.rows.columns, intercept: false },
    weightsLength,
    initial: () => new Float64Array(weightsLength),
    parts: shards.map(({ targets }) => targets.length / stored),
    steps: 2,
    batch: 0,
    rate: 0.05,
    momentum: 0,
    seed: 1,
    compression: { type: "none" },
    feedback: "error-feedback",
    outer: null,
    asynchronous: false,
    stalenessMax: 10,
    secure: null,
    wait: isPolicy ? wait : waitPolicy(wait, { workers, redundancy: 1 }),
    roundsMax: 10,
    stop: { tolerance: 0, steepness: 1, lossLeast: 0 },
    patienceMs: 600_000,
    ...rest,
  };
}

/** Workers over a store: each slot's environment stays warm unless `isCold`. */
export function workersOf(
  problem: Problem,
  shards: readonly Examples[],
  { store = memoryStore(), isCold = false } = {},
) {
  const kept = new Map<string, Promise<unknown>>();
  const perform = async (task: WorkerTask): Promise<WorkerReply> => {
    const asked = task as LocalStepsTask;
    const { slot } = task;
    const place = {
      store,
      run: "trial",
      slot,
      async cached<Made>(name: string, make: () => Promise<Made>) {
        const found = isCold ? undefined : kept.get(`${slot}/${name}`);
        const made = (found as Promise<Made> | undefined) ?? make();
        kept.set(`${slot}/${name}`, made);
        return made;
      },
    } as WorkerContext;
    const input = await operation.prepare!(place, shards[slot]!, asked, problem);
    const made = operation.compute(problem, input, asked);
    return { ...(await operation.publish!(place, asked, made)), computeMs: 0 };
  };
  return { store, perform };
}

const matrices = [
  [1, 2, 3, 4].map((own, i) => [0, 1, 2, 3].map((j) => (i === j ? own : 0) + 0.1)),
  [2, 1, 4, 3].map((own, i) => [0, 1, 2, 3].map((j) => (i === j ? own : 0) - 0.05)),
];
const sides = [
  [1, -1, 0.5, 2],
  [0, 1, -1, 1],
];

/** The reference's section 6.5: two workers, gradients A_r x - b_r; the target says which one. */
export const quadratic: Problem = {
  ...problems.create({ type: "ridge", l2: 0 } as never),
  l2: 0,
  lossAndGradient({ targets }, weights, gradient) {
    const [matrix, side] = [matrices[targets[0]!]!, sides[targets[0]!]!];
    let loss = 0;
    for (let i = 0; i < 4; i++) {
      const product = matrix[i]!.reduce((sum, entry, j) => sum + entry * weights[j]!, 0);
      gradient[i]! += product - side[i]!;
      loss += weights[i]! * (product / 2 - side[i]!);
    }
    return loss;
  },
};

export const quadraticShards: Examples[] = [0, 1].map((which) => ({
  rows: { kind: "dense", rows: 1, columns: 4, values: new Float32Array(4) },
  targets: Float32Array.of(which),
}));

/** The minimum of the mean of both. */
export const optimum = [0.322348484848, -0.010984848485, -0.076136363636, 0.423863636364];

export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

/** Rows for several workers, of two classes where asked. */
export function regressionShards(workers: number, rows: number, columns: number): Examples[] {
  const random = randomFrom("shards");
  const { rows: all, targets } = linearExamples(rows, columns, 0.3, random);
  const each = Math.floor(rows / workers);
  return Array.from({ length: workers }, (_, slot) => {
    const [from, to] = [slot * each, slot === workers - 1 ? rows : (slot + 1) * each];
    const values = all.values.subarray(from * columns, to * columns);
    return {
      rows: { kind: "dense", rows: to - from, columns, values },
      targets: targets.slice(from, to),
    };
  });
}
