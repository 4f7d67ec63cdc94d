import { hash } from "node:crypto";
import { RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import type { Encoded, Prepared } from "../../data/manifests.ts";
import { digestOf, readPartManifest, writePartManifest } from "../../data/parts/dense-parts.ts";
import { eachPart } from "../../data/parts/load-parts.ts";
import { functions } from "../../limits.ts";
import { takeShare, wholeShape } from "../../math/tensor-share.ts";
import { costModel, type StageFigures, type StageRule } from "../../model-parallel/cost-model.ts";
import type {
  PartLayout,
  PartStart,
  PipelineLayout,
} from "../../model-parallel/pipeline-layout.ts";
import type { CutModel } from "../../model-parallel/staged-model.ts";
import type { Stepper } from "../../optimizers/optimizer.ts";
import { optimizers } from "../../optimizers/registry.ts";
import type { ObjectRef } from "../../ports/object-ref.ts";
import type { Store } from "../../ports/store.ts";
import type { Problem } from "../../problems/problem.ts";
import { problems } from "../../problems/registry.ts";
import { type RunSpec, workerMemoryMb } from "../../spec/run-spec.ts";
import { readNamedObject } from "../../store-damage.ts";
import { encodedKey } from "../../store-layout.ts";
import { type MicrobatchRows, microbatchReader } from "../../tasks/stages/microbatch.ts";
import { dtypeName } from "../../wire/packet.ts";
import { type TensorArray, toSafetensors } from "../../wire/safetensors.ts";
import type { FormerRun, IngestContext } from "../definition.ts";
import { choosePartition, stageRule } from "./choose-partition.ts";
import type { PipelineOptions } from "./options.ts";
import { redealParts } from "./redeal.ts";
import type { ContinuedState, PipelineState } from "./state.ts";

/** Rows for the stages that read them, and the model cut into stages. */
export interface EncodedPipeline extends Encoded {
  readonly pipeline: PipelineLayout;
  /** Each part's weights to start from. */
  readonly starts: readonly PartStart[];
  /** Of a run that goes on from another. */
  readonly continued?: ContinuedState;
  /** What each stage was measured to take; absent in manifests of before that was told. */
  readonly figures?: readonly StageFigures[];
}

const formatVersion = 1;

/**
 * Cuts the spec's model: stages and weights go into the store, named by their content, and a
 * manifest at `encoded/<digest>.json` says which there are. Where to cut hangs on a measurement, so
 * a manifest that is there is kept.
 */
export async function cutIntoStages(
  { spec, prepared, store, former }: IngestContext,
  options: PipelineOptions,
): Promise<EncodedPipeline> {
  const { problem: chosen, seed, optimizer } = spec;
  const { schedule, batch, microbatches, ...rest } = options;
  const content = { formatVersion, of: "stages", prepared: prepared.digest, chosen, seed };
  const memoryMb = workerMemoryMb(spec);
  const ofOthers = memoryMb === functions.worker.memoryMb ? {} : { memoryMb };
  const of = { optimizer, schedule, batch, microbatches, rest, ...ofOthers };
  const before = former === undefined ? null : formerState(former, spec);
  const digest = digestOf({ ...content, ...of, ...(before === null ? {} : { before }) });
  const key = encodedKey(digest);
  const kept = await readPartManifest<EncodedPipeline>(store, key, () => prepared.train);
  if (kept !== null) return kept;
  const { cut, rule, problem } = await cutModelOf({ spec, prepared, store }, options);
  const files = await Promise.all(cut.files.map((bytes) => writeNamed(store, bytes)));
  const starts = await writeStarts(store, problem, cut.parts, seed);
  const ofOne = rowSlots(cut.stages, workersOfCut(cut, options), prepared);
  const slots = Array.from({ length: options.replicas }, () => ofOne).flat();
  const encoded: EncodedPipeline = {
    version: 1,
    digest,
    prepared: prepared.digest,
    // Microbatches are dealt redundantly, not rows.
    encoding: { type: "uncoded" },
    seed,
    workers: slots.length,
    rows: prepared.rows,
    columns: prepared.columns,
    scale: 1,
    slots,
    pipeline: {
      stages: cut.stages.map((stage, i) => ({ ...stage, file: files[i]! })),
      parts: cut.parts,
      ...(options.tensor === 1 ? {} : { workers: ofOne.length }),
    },
    starts,
    figures: figuresOf(cut, rule),
    ...(before === null ? {} : { continued: await continueIn(store, before, former!, cut.parts) }),
  };
  await writePartManifest(store, key, encoded);
  return encoded;
}

/** Each stage's, in their order. */
function figuresOf({ graph, trace, partition }: CutModel, rule: StageRule): StageFigures[] {
  const { index, figures } = costModel(graph, trace, rule);
  return partition.stages.map(({ nodes }) =>
    figures(nodes.map(index.position).sort((a, b) => a - b)),
  );
}

/** The state that another run had come to. Throws `RunError` where it is of another training. */
function formerState({ run, spec: of, state, encoded }: FormerRun, spec: RunSpec): PipelineState {
  const { finished } = state as PipelineState;
  const { parts } = (encoded as EncodedPipeline).pipeline;
  // Names may differ from one build of a model to the next.
  const shapesOf = ({ problem: { type, ...options } }: RunSpec) =>
    JSON.stringify(problems.create({ type, ...options }).parameters?.map(({ shape }) => shape));
  const why = finished
    ? "it is done, and what its optimizer kept is gone"
    : shapesOf(of) !== shapesOf(spec)
      ? "its network is another one"
      : of.optimizer.type !== spec.optimizer.type
        ? `its optimizer is ${of.optimizer.type}`
        : parts.some(({ tensors }) => tensors.some(({ share }) => share !== undefined))
          ? "its workers shared layers, and this one goes on from whole ones"
          : null;
  if (why === null) return state as PipelineState;
  throw new RunError("bad-combination", `strategy.from: ${run}: ${why}`, {
    hint: "name a run of the same network and optimizer that stopped before its end",
  });
}

async function continueIn(
  store: Store,
  { step, parts }: PipelineState,
  { encoded, read }: FormerRun,
  layouts: readonly PartLayout[],
): Promise<ContinuedState> {
  const from = { layouts: (encoded as EncodedPipeline).pipeline.parts, parts };
  const write = async (data: TensorArray): Promise<ObjectRef> => {
    const shape = [data.length];
    const file = await writeNamed(store, toSafetensors({ tensor: { shape, data } }));
    return { ...file, dtype: dtypeName(data), shape };
  };
  return { step, parts: await redealParts(from, layouts, { read, write }) };
}

/** The spec's model, measured and cut as the options say; nothing is kept of it. */
export async function cutModelOf(
  { spec, prepared, store }: Pick<IngestContext, "spec" | "prepared" | "store">,
  options: PipelineOptions,
) {
  const problem = problems.create(spec.problem);
  const read = (name: string) => readNamedObject(store, name);
  const examples = Math.ceil(rowsOfStep(options, prepared) / options.microbatches);
  const stepper = optimizers.create(spec.optimizer) as Stepper;
  const rule = stageRule(options, examples, stepper, workerMemoryMb(spec));
  const { tensor, split } = options;
  const ofSplit = { of: tensor, ...(split === undefined ? {} : { ways: split }) };
  const cut = await problem.stages!.cut(read, {
    ...(tensor === 1 ? {} : { split: ofSplit }),
    rows: { count: examples, ...(await firstRows(store, prepared, examples)) },
    nowMs: () => performance.now(),
    partition: (graph, trace) => choosePartition(options, rule, graph, trace),
  });
  return { cut, rule, problem };
}

/** Rows of a step. Throws `RunError` where there are fewer than microbatches. */
export function rowsOfStep(
  { batch, microbatches }: PipelineOptions,
  { rows }: Pick<Prepared, "rows">,
): number {
  const count = batch === "all" ? rows : Math.min(batch, rows);
  if (count >= microbatches) return count;
  throw new RunError(
    "batch-too-small",
    `strategy.microbatches: ${microbatches} of a batch of ${count} rows, all that there are`,
    { hint: `say at most ${count}` },
  );
}

async function firstRows(
  store: Store,
  { train, columns }: Prepared,
  examples: number,
): Promise<MicrobatchRows> {
  for await (const part of eachPart(store, train.slice(0, 1), columns))
    return microbatchReader(part)({ from: 0, examples, seed: null });
  throw new Error("broken promise: prepared data have rows");
}

async function writeNamed(store: Store, bytes: Uint8Array) {
  const sha256 = hash("sha256", bytes, "hex");
  const key = `networks/${sha256}.safetensors`;
  await store.writeOnce(key, bytes);
  return { key, sha256 };
}

/** The weights that every strategy begins with: memory holds the drawn model, and one part. */
async function writeStarts(
  store: Store,
  problem: Problem,
  parts: readonly PartLayout[],
  seed: number,
): Promise<PartStart[]> {
  const read = (name: string) => store.read(name);
  const drawn = await problem.stages!.initial(read, randomFrom(seed).fork("weights"));
  const starts: PartStart[] = [];
  try {
    for (const { tensors } of parts) {
      const arrays = tensors.map(({ index, shape, share }) => {
        const whole = drawn.read(index);
        return share === undefined ? whole : takeShare(whole, wholeShape(shape, share), share);
      });
      const data = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
      let at = 0;
      for (const array of arrays) {
        data.set(array, at);
        at += array.length;
      }
      const shape = [data.length];
      const file = await writeNamed(store, toSafetensors({ tensor: { shape, data } }));
      const digests = arrays.map((array) => hash("sha256", new Uint8Array(array.buffer), "hex"));
      starts.push({ weights: { ...file, dtype: "F32", shape }, digests });
    }
  } finally {
    drawn.close();
  }
  return starts;
}

/** A worker for each stage of the model, or as many as share its layers. */
function workersOfCut({ partition, split }: CutModel, { tensor }: PipelineOptions): number {
  const { stages } = split?.whole.partition ?? partition;
  return (1 + Math.max(...stages.map(({ worker }) => worker))) * tensor;
}

/** Workers that read rows or targets have all of them: each step takes other ones. */
function rowSlots(
  stages: readonly { readonly worker: number; readonly takesRows: boolean }[],
  workers: number,
  { train, rows }: Prepared,
): Encoded["slots"] {
  return Array.from({ length: workers }, (_, worker) =>
    stages.some((stage) => stage.worker === worker && stage.takesRows)
      ? { rows, parts: train }
      : { rows: 0, parts: [] },
  );
}
