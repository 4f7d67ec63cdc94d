import { assert } from "../../core/errors.ts";
import type { StoredPart } from "../../data/manifests.ts";
import type { ModelRef, ShardedModel } from "../../ports/model-ref.ts";
import { objectBytes } from "../../ports/object-ref.ts";
import { graph } from "../../quorum/graph.ts";
import {
  beforeStep,
  type GraphNode,
  type NodePlace,
  nodeObjects,
  type Outputs,
  type Traversing,
} from "../../quorum/graph-nodes.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { HandedTensor } from "../../tasks/stages/handed-tensor.ts";
import type { StoredRows } from "../../tasks/stages/stage-evaluate.ts";
import { noNumbers } from "../../tasks/valid-reply.ts";
import type { ModelTallies, RowTally, StagedEvaluation, StrategyContext } from "../definition.ts";
import { workersOf } from "./nodes.ts";
import { isLarge, noWeights } from "./stage-tasks.ts";
import type { StagesPlan } from "./state.ts";

interface Chunk extends StoredRows {
  readonly set: "train" | "test";
}

interface EvaluationState extends Traversing<WorkerReply> {
  readonly models: readonly ModelTallies[];
}

type EvaluationTask = WorkerTask & NodePlace;

/**
 * Evaluates models that no process holds: chunks of the unencoded rows go through the stages, a
 * step for each model, and what the last stage replies is added up.
 */
export function stagedEvaluation(
  plan: StagesPlan,
  { prepared, problem }: Pick<StrategyContext, "prepared" | "problem">,
  models: readonly ModelRef[],
  rows: "all" | "test",
): StagedEvaluation {
  const chunks = [
    ...(rows === "all" ? chunksOf(plan, "train", prepared.train) : []),
    ...chunksOf(plan, "test", prepared.test),
  ];
  const nodes = evaluationNodes(plan, chunks.length);
  const { tallyLength } = problem.stages!;
  const steps = graph<EvaluationState, EvaluationTask, WorkerReply>({
    patienceMs: plan.patienceMs,
    start: () => ({
      ...beforeStep,
      finished: models.length === 0 || chunks.length === 0,
      step: 0,
      models: [],
    }),
    nodes: () => nodes,
    task(state, place, outputs) {
      const [chunk, stage] = placeOf(place.node);
      const model = models[state.step]!;
      assert(model.kind === "sharded", "a model in stages is in parts");
      const of = { rows: chunks[chunk]!, chunk, stage, tallyLength };
      return evaluationTask(plan, model, place, of, outputs);
    },
    validate: (task, reply) => invalidReply(task, reply),
    // Whoever computes it again comes to the same.
    diverged: (_state, _task, _reply, invalid) => (invalid === noNumbers ? noNumbers : null),
    finish(state, outputs) {
      const step = state.step + 1;
      const told = [...state.models, addUp(plan, chunks, outputs)];
      return { state: { ...beforeStep, finished: step === models.length, step, models: told } };
    },
  });
  return {
    strategy: steps as unknown as StagedEvaluation["strategy"],
    tallies: (state) => (state as EvaluationState).models,
  };
}

/** As many rows at once as a microbatch has at most: what fits then fits now. */
function chunksOf({ microbatches }: StagesPlan, set: Chunk["set"], parts: readonly StoredPart[]) {
  const most = Math.max(...microbatches);
  return parts.flatMap((part) =>
    Array.from({ length: Math.ceil(part.rows / most) }, (_, i): Chunk => {
      return { set, part, from: i * most, examples: Math.min(most, part.rows - i * most) };
    }),
  );
}

const keyOf = (chunk: number, stage: number) => `evaluate/chunk-${chunk}/stage-${stage}`;

function placeOf(key: string): [chunk: number, stage: number] {
  const [chunk, stage] = key.match(/\d+/g)!.map(Number);
  return [chunk!, stage!];
}

/** Chunk after chunk at each worker; where a replica may be missing, all do it, and one counts. */
function evaluationNodes({ layout, replicas }: StagesPlan, chunks: number): GraphNode[] {
  const last = new Map<number, string>();
  const nodes: GraphNode[] = [];
  const count = replicas.microbatches.length;
  const copies = replicas.needed < count ? count : 1;
  const rule = { needed: 1, enough: 1, deadlineMs: Number.POSITIVE_INFINITY };
  for (let chunk = 0; chunk < chunks; chunk++)
    for (const [stage, { worker, imports }] of layout.stages.entries()) {
      const key = keyOf(chunk, stage);
      const before = last.get(worker);
      const reads = imports.map(({ stage: from }) => keyOf(chunk, from));
      const after = [...new Set([...reads, ...(before === undefined ? [] : [before])])];
      const slots = Array.from({ length: copies }, (_, replica) => {
        return replica * workersOf(layout) + worker;
      });
      nodes.push({ key, slots, after, ...(copies > 1 && { rule }) });
      last.set(worker, key);
    }
  return nodes;
}

function evaluationTask(
  plan: StagesPlan,
  model: ShardedModel,
  place: NodePlace,
  of: { rows: Chunk; chunk: number; stage: number; tallyLength: number },
  outputs: Outputs<WorkerReply>,
): EvaluationTask {
  const { rows, chunk, stage, tallyLength } = of;
  const { file, takesRows, imports, exports, parts, lengths } = plan.layout.stages[stage]!;
  const { part, from, examples } = rows;
  const own = parts.map((at) => model.parts[at]!);
  const kept = exports.filter((_, i) => isLarge(lengths?.exports[i], examples));
  return {
    ...place,
    operation: "stage-evaluate",
    round: place.step,
    weights: noWeights(),
    rows: { part, from, examples },
    tally: stage === outputStage(plan) ? tallyLength : 0,
    file: file.key,
    takesRows,
    imports: imports.map(({ stage: at, field }) => {
      return outputs(keyOf(chunk, at))[0]!.tensors![field] as HandedTensor;
    }),
    parts: own,
    work: (examples * own.reduce((sum, ref) => sum + objectBytes(ref), 0)) / 4,
    objects: nodeObjects(place, {}, kept),
  };
}

/** Where the model's first output is made: its layers are the last to read anything. */
function outputStage({ layout }: StagesPlan): number {
  const at = layout.stages.findLastIndex(({ makesOutput, exports }) => {
    return makesOutput ?? exports.length === 0;
  });
  assert(at >= 0, "some stage makes the outputs");
  return at;
}

function addUp(
  plan: StagesPlan,
  chunks: readonly Chunk[],
  outputs: Outputs<WorkerReply>,
): ModelTallies {
  const last = outputStage(plan);
  const of = (set: Chunk["set"]): RowTally | null => {
    const replies = chunks.flatMap((chunk, i) =>
      chunk.set === set ? [outputs(keyOf(i, last))[0]!] : [],
    );
    if (replies.length === 0) return null;
    const tally = new Float64Array(replies[0]!.values.length);
    for (const { values } of replies)
      for (let i = 0; i < tally.length; i++) tally[i]! += values[i]!;
    const joined = (field: string) =>
      replies.flatMap(({ tensors }) => [...((tensors?.[field] ?? []) as Float32Array)]);
    return {
      tally,
      scores: Float64Array.from(joined("scores")),
      classes: Float32Array.from(joined("classes")),
    };
  };
  const penalties = plan.layout.stages.map((_, stage) => outputs(keyOf(0, stage))[0]!.loss);
  return { train: of("train"), test: of("test"), penalty: penalties.reduce((a, b) => a + b, 0) };
}
