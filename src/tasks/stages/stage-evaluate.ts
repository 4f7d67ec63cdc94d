import type { StoredPart } from "../../data/manifests.ts";
import { readStoredPart } from "../../data/shards/worker-encoded.ts";
import { gatherRows } from "../minibatch.ts";
import type { TaskKind, WorkerContext } from "../task-kind.ts";
import { invalidSums } from "../valid-reply.ts";
import { bytesByValue } from "./handed-tensor.ts";
import { type MicrobatchRows, microbatchReader } from "./microbatch.ts";
import {
  invalidVersion,
  prepareStage,
  type ReadyStage,
  type StageTask,
  stageAt,
  stageEffects,
} from "./stage-task.ts";

/** Some rows of a stored part, at one stage of a model that is trained no more. */
export interface StageEvaluateTask extends StageTask {
  readonly operation: "stage-evaluate";
  readonly rows: StoredRows;
  /** How many numbers the rows' tally has, where the model's outputs are made; 0 elsewhere. */
  readonly tally: number;
}

export interface StoredRows {
  readonly part: StoredPart;
  readonly from: number;
  readonly examples: number;
}

type Reader = (rows: StoredRows) => Promise<MicrobatchRows>;

/** Keeps the part that was read last: its rows are asked for one chunk after another. */
async function openParts({ store, encoded }: WorkerContext): Promise<Reader> {
  let last: { readonly key: string; readonly read: ReturnType<typeof microbatchReader> } | null;
  last = null;
  return async ({ part, from, examples }) => {
    if (last?.key !== part.key) {
      const all = await readStoredPart(store, part, encoded.columns);
      last = { key: part.key, read: microbatchReader(all) };
    }
    return last.read({ from, examples, seed: null });
  };
}

/**
 * The forward pass of some rows as for prediction: what later stages read, and, where the outputs
 * are made, the rows' tally, with scores and classes where two classes are told apart. The loss is
 * what the stage's layers add of penalties, once.
 */
export const stageEvaluate: TaskKind<StageEvaluateTask, Reader, ReadyStage> = {
  opensProblem: true,
  load: openParts,
  prepare: (place, read, task, problem) =>
    prepareStage(problem, place, task, () => read(task.rows)),
  compute(problem, ready, { step, rows: { examples }, tally }) {
    const { input } = ready;
    const task = { step, microbatch: 0, examples };
    const { fields, outputs, penalty } = stageAt(ready).predict(input, task);
    const told = { loss: penalty, version: step };
    if (tally === 0) return { ...told, values: new Float64Array(0), tensors: fields };
    const stated = withTargets(outputs!, input.rows!, examples);
    const values = problem.stages!.tally(stated.outputs, stated);
    const scores = problem.stages!.scores(stated.outputs, stated);
    const classes = scores === null ? {} : { scores, classes: stated.targets };
    return { ...told, values, tensors: { ...fields, ...classes } };
  },
  validate: (task, reply) => invalidSums(reply, task.tally) ?? invalidVersion(task, reply),
  size: {
    requestArrays: ({ weights, imports }) => [weights.byteLength, ...bytesByValue(imports)],
    entries: ({ work }) => work,
  },
  effects: stageEffects,
};

/** Without the rows whose target nobody stated. */
function withTargets(
  outputs: Float32Array,
  { values, targets }: MicrobatchRows,
  examples: number,
): MicrobatchRows & { readonly outputs: Float32Array } {
  if (!targets.some(Number.isNaN)) return { outputs, values, targets };
  const places = [...targets.keys()].filter((row) => !Number.isNaN(targets[row]));
  const some = (all: Float32Array) => {
    const columns = all.length / examples;
    return gatherRows({ kind: "dense", rows: examples, columns, values: all }, places)
      .values as Float32Array;
  };
  const kept = Float32Array.from(places, (row) => targets[row]!);
  return { outputs: some(outputs), values: some(values), targets: kept };
}
