import { readExamples } from "../../../src/data/parts/load-parts.ts";
import type { Examples, SparseRows } from "../../../src/math/rows.ts";
import type { Problem } from "../../../src/problems/problem.ts";
import { problems } from "../../../src/problems/registry.ts";
import { type Dataset, ingest } from "../../../src/run/ingest.ts";
import { openTraining } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";
import type { RunSpec } from "../../../src/spec/run-spec.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import type { AlternatingState } from "../../../src/strategies/alternating/state.ts";
import type { TrainingStrategy } from "../../../src/strategies/definition.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { createWorker } from "../../../src/worker/worker.ts";
import { opener } from "../../data/fixtures.ts";

export interface RatingsScene {
  readonly spec: RunSpec;
  readonly staged: Dataset;
  readonly problem: Problem;
  readonly train: Examples;
  readonly test: Examples;
  readonly strategy: TrainingStrategy<AlternatingState>;
  perform(task: WorkerTask): Promise<WorkerReply>;
}

/** A handful of users and items, or what `data` says, ready to be trained on. */
export async function ratingsScene(given: object): Promise<RatingsScene> {
  const generate = { type: "ratings", rows: 600, users: 40, items: 25, rank: 2, signal: 1 };
  const spec = resolveSpec({
    problem: { type: "factorization", rank: 2, l2: 0.01 },
    data: { generate, test: 0.2 },
    workers: 6,
    // Longer than a hanging task takes to time out.
    stop: { patience: 1_000 },
    ...given,
  });
  const store = memoryStore();
  const staged = await ingest(spec, { open: opener({}), store });
  const { prepared, encoded } = staged;
  const work = createWorker(store, () => 0, spec.workers);
  const key = `encoded/${encoded.digest}.json`;
  return {
    spec,
    staged,
    problem: problems.create(spec.problem),
    train: await readExamples(store, prepared.train, prepared.columns),
    test: await readExamples(store, prepared.test, prepared.columns),
    strategy: openTraining(spec, staged, {
      largestEigenvalue: 0,
    }) as TrainingStrategy<object> as TrainingStrategy<AlternatingState>,
    perform: (task) => work({ run: "trial", encoded: key, problem: spec.problem, task }),
  };
}

/** A rating as its row says it. */
export interface Rating {
  readonly user: number;
  readonly item: number;
  readonly rating: number;
}

/** Training rows by hand: users and items by number. */
export function ratingsOf({ rows, targets }: Examples, users: number): Rating[] {
  const { indices, offsets } = rows as SparseRows;
  return Array.from(targets, (rating, row) => ({
    user: indices[offsets[row]!]!,
    item: indices[offsets[row]! + 1]! - users,
    rating,
  }));
}

/** The root of the mean squared error of some weights. */
export function rmse(problem: Problem, examples: Examples, weights: Float32Array): number {
  return problem.metrics(problem.tally(examples, weights)).metrics.rmse!;
}
