import { assert, RunError } from "../core/errors.ts";
import { type Random, randomFrom } from "../core/random.ts";
import type { StageFile } from "../model-parallel/pipeline-layout.ts";
import type {
  StageEngine,
  StageInput,
  StagePass,
  StagePrediction,
} from "../model-parallel/staged-model.ts";
import { fromSafetensors, type Tensor, toSafetensors } from "../wire/safetensors.ts";
import { type BackendChoice, openTensorBackend, useBackend } from "./backend.ts";
import { keepStage, type StageLayers } from "./stage.ts";
import {
  cutExamples,
  cutWeights,
  importsOf,
  joinedFields,
  plainInputs,
  sizeOf,
} from "./stage-arrays.ts";
import type { RowInputs, StageLoss, StageSlopes, Stash } from "./stage-model.ts";
import type { OutputLoss } from "./trainer-contract.ts";

const format = "kofn-stage-1";

/** The same stage gives the same bytes: its program, and its weights that stand. */
export function stageFileBytes(
  file: StageFile,
  frozen: Readonly<Record<string, Tensor>>,
): Uint8Array<ArrayBuffer> {
  return toSafetensors(frozen, { format, stage: JSON.stringify(file) });
}

export interface StageEngineOptions {
  readonly backend: BackendChoice;
  readonly loss: OutputLoss;
  /** What dropout hangs on. */
  readonly seed: number;
  /** The rows as they are where absent. */
  readonly inputs?: RowInputs;
}

function readStage(bytes: Uint8Array, place: string) {
  const { tensors: frozen, metadata } = fromSafetensors(bytes, place);
  if (metadata.format !== format || metadata.stage === undefined)
    throw new RunError("bad-stage", `${place}: it is no stage that this version knows`, {
      hint: "use the version of kofn that wrote it",
    });
  return { frozen, file: JSON.parse(metadata.stage) as StageFile };
}

/** The engine of a stored stage. */
export async function openStageEngine(
  bytes: Uint8Array,
  place: string,
  options: StageEngineOptions,
): Promise<StageEngine> {
  const { file, frozen } = readStage(bytes, place);
  const backend = await openTensorBackend(options.backend);
  const random: Random = randomFrom("stages").fork(`seed/${options.seed}`);
  const kept = await keepStage(file.program, random);
  const { inputs = plainInputs } = options;
  const reads = (input: StageInput, task: StagePass) => importsOf(file, input, task, inputs);
  let current: string | null = null;
  const stashes = keepStashes();
  const compute = () => {
    useBackend(backend);
    assert(current !== null, "weights are set before anything is computed");
    return kept.open();
  };
  return {
    file,
    get bytes() {
      return kept.bytes;
    },
    isAt: (name) => name === current,
    set(name, parts) {
      useBackend(backend);
      current = null;
      stashes.forget();
      kept.open().set({ ...frozen, ...weightsOf(file, parts) });
      current = name;
    },
    holds: stashes.holds,
    forward(input, task, name = null) {
      const stage = compute();
      const keep = name === null ? undefined : "stash";
      const { exports, stash } = stage.forward(reads(input, task), task, keep);
      if (stash !== null) stashes.keep(name!, stash);
      return joinedFields(file.exports, (name) => exports[name]!);
    },
    predict: (input, task) => predictStage(compute(), file, reads(input, task), task),
    backward(input, slopes, task, name = null) {
      const stage = compute();
      const arriving = file.slopesIn.map((list, i) =>
        cutExamples(file, slopes[i]!, list, task.examples),
      );
      const seen: Seen = { outputs: null };
      const loss = file.program.outputs.length > 0 ? lossOf(options.loss, input, seen) : undefined;
      const from = stashes.take(name) ?? reads(input, task);
      const { placeOf, gradients } = gradientFields(file, stage);
      const result = stage.backward(from, Object.assign({}, ...arriving), task, loss, placeOf);
      const slopesOut = joinedFields(file.slopesOut, (name) => result.imports[name]!);
      return { loss: result.loss, fields: { ...slopesOut, ...gradients(result) }, ...seen };
    },
    close() {
      current = null;
      stashes.forget();
      kept.close();
    },
  };
}

function predictStage(
  stage: StageLayers,
  file: StageFile,
  imports: Readonly<Record<string, Tensor>>,
  task: StagePass,
): StagePrediction {
  const of = { ...task, isPrediction: true } as const;
  const { exports, outputs } = stage.forward(imports, of);
  const first = outputs.get(0);
  return {
    fields: joinedFields(file.exports, (name) => exports[name]!),
    outputs: first === undefined ? null : (first.data as Float32Array),
    penalty: stage.penalty(),
  };
}

/** Forward passes by their names, for one set of weights. */
function keepStashes() {
  const stashes = new Map<string, Stash>();
  const take = (name: string | null) => {
    const stash = name === null ? undefined : stashes.get(name);
    if (stash !== undefined) stashes.delete(name!);
    return stash;
  };
  return {
    take,
    holds: (name: string) => stashes.has(name),
    keep(name: string, stash: Stash) {
      take(name)?.dispose();
      stashes.set(name, stash);
    },
    forget() {
      for (const { dispose } of stashes.values()) dispose();
      stashes.clear();
    },
  };
}

function weightsOf({ parts }: StageFile, arrays: readonly Float32Array[]) {
  const weights: Record<string, Tensor> = {};
  for (const [k, tensors] of parts.entries())
    Object.assign(weights, cutWeights(arrays[k]!, tensors));
  return weights;
}

/**
 * Arrays for slopes of trained weights, and for what is seen in place of observed ones, with the
 * place of each: whoever computes them writes there, and memory holds them once.
 */
function gradientFields({ gradients }: StageFile, stage: StageLayers) {
  const lengths = new Map(stage.weights.map(({ key, shape }) => [key, sizeOf(shape)]));
  const places = new Map<string, Float32Array>();
  const nameOf = (node: string, weight: string) => JSON.stringify([node, weight]);
  const arrays = gradients.map(({ field, uses }) => {
    const array = new Float32Array(uses.reduce((sum, { weight }) => sum + lengths.get(weight)!, 0));
    let at = 0;
    for (const { node, weight } of uses) {
      const own = array.subarray(at, at + lengths.get(weight)!);
      places.set(nameOf(node, weight), own);
      at += own.length;
    }
    return [field, array] as const;
  });
  return {
    placeOf: (node: string, weight: string) => places.get(nameOf(node, weight)) ?? null,
    gradients({ weights, observed }: StageSlopes): Record<string, Float32Array> {
      for (const { node, weight, values } of observed)
        places.get(nameOf(node, weight))?.set(values);
      const told = new Set([...weights, ...observed].map((one) => nameOf(one.node, one.weight)));
      for (const name of places.keys()) assert(told.has(name), `there are slopes of ${name}`);
      return Object.fromEntries(arrays);
    },
  };
}

/** The model's first output, once a loss was asked of it. */
interface Seen {
  outputs: Float32Array | null;
}

function lossOf(loss: OutputLoss, { rows }: StageInput, seen: Seen): StageLoss {
  assert(rows !== null, "the stage of the outputs has their targets");
  return (outputs) => {
    let sum = 0;
    const slopes = new Map<number, Float32Array>();
    for (const [index, { data }] of outputs) {
      if (index === 0) seen.outputs = data as Float32Array;
      const own = new Float32Array(data.length);
      sum += loss(data as Float32Array, rows.targets, rows.values, own);
      slopes.set(index, own);
    }
    return { loss: sum, slopes };
  };
}
