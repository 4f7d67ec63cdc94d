import { assert, RunError } from "../core/errors.ts";
import { type Random, randomFrom } from "../core/random.ts";
import type { NamedShape, StageFile } from "../model-parallel/pipeline-layout.ts";
import type {
  StageEngine,
  StageInput,
  StagePass,
  StagePrediction,
} from "../model-parallel/staged-model.ts";
import { fromSafetensors, type Tensor, toSafetensors } from "../wire/safetensors.ts";
import { type BackendChoice, openTensorBackend, useBackend } from "./backend.ts";
import { type OpenStage, openStage } from "./stage.ts";
import type { StageLoss, StageSlopes, Stash } from "./stage-model.ts";
import type { OutputLoss } from "./trainer-contract.ts";

const format = "kofn-stage-1";

/** The same stage gives the same bytes: its program, and its weights that stand. */
export function stageFileBytes(
  file: StageFile,
  frozen: Readonly<Record<string, Tensor>>,
): Uint8Array<ArrayBuffer> {
  return toSafetensors(frozen, { format, stage: JSON.stringify(file) });
}

/** The engine of a stored stage. `seed` is what dropout hangs on. */
export async function openStageEngine(
  bytes: Uint8Array,
  place: string,
  options: { readonly backend: BackendChoice; readonly loss: OutputLoss; readonly seed: number },
): Promise<StageEngine> {
  const { tensors: frozen, metadata } = fromSafetensors(bytes, place);
  if (metadata.format !== format || metadata.stage === undefined)
    throw new RunError("bad-stage", `${place}: it is no stage that this version knows`, {
      hint: "use the version of kofn that wrote it",
    });
  const file = JSON.parse(metadata.stage) as StageFile;
  const backend = await openTensorBackend(options.backend);
  const random: Random = randomFrom("stages").fork(`seed/${options.seed}`);
  const stage = await openStage(file.program, random);
  let current: string | null = null;
  const stashes = keepStashes();
  const compute = () => {
    useBackend(backend);
    assert(current !== null, "weights are set before anything is computed");
  };
  return {
    file,
    isAt: (name) => name === current,
    set(name, parts) {
      useBackend(backend);
      current = null;
      stashes.forget();
      stage.set({ ...frozen, ...weightsOf(file, parts) });
      current = name;
    },
    holds: stashes.holds,
    forward(input, task, name = null) {
      compute();
      const keep = name === null ? undefined : "stash";
      const { exports, stash } = stage.forward(importsOf(file, input, task), task, keep);
      if (stash !== null) stashes.keep(name!, stash);
      return joinedFields(file.exports, (name) => exports[name]);
    },
    predict(input, task) {
      compute();
      return predictStage(stage, file, input, task);
    },
    backward(input, slopes, task, name = null) {
      compute();
      const arriving = file.slopesIn.map((list, i) => cut(slopes[i]!, list, task.examples));
      const loss = file.program.outputs.length > 0 ? lossOf(options.loss, input) : undefined;
      const from = stashes.take(name) ?? importsOf(file, input, task);
      const result = stage.backward(from, Object.assign({}, ...arriving), task, loss);
      const fields = {
        ...joinedFields(file.slopesOut, (name) => result.imports[name], task.examples),
        ...gradientsOf(file, stage, result),
      };
      return { loss: result.loss, fields };
    },
    close() {
      stashes.forget();
      stage.close();
    },
  };
}

function predictStage(
  stage: OpenStage,
  file: StageFile,
  input: StageInput,
  task: StagePass,
): StagePrediction {
  const of = { ...task, isPrediction: true } as const;
  const { exports, outputs } = stage.forward(importsOf(file, input, task), of);
  const first = outputs.get(0);
  return {
    fields: joinedFields(file.exports, (name) => exports[name]),
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
  for (const [k, tensors] of parts.entries()) Object.assign(weights, cut(arrays[k]!, tensors));
  return weights;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Tensors out of one array; with `examples` each has an axis of those in front. */
function cut(
  array: Float32Array,
  list: readonly NamedShape[],
  examples?: number,
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  let at = 0;
  for (const { name, shape: own } of list) {
    const shape = examples === undefined ? own : [examples, ...own];
    const data = array.subarray(at, at + sizeOf(shape));
    tensors[name] = { shape, data };
    at += data.length;
  }
  assert(at === array.length, "an array is as long as its tensors");
  return tensors;
}

function importsOf(
  { program, imports }: StageFile,
  { imports: arrays, rows }: StageInput,
  { examples }: StagePass,
): Readonly<Record<string, Tensor>> {
  const arriving = imports.map((list, i) => cut(arrays[i]!, list, examples));
  const own = program.imports
    .filter(({ fromStage }) => fromStage === null)
    .map(({ tensor, shape }) => {
      assert(rows !== null, "a stage that reads rows is handed some");
      return [tensor, { shape: [examples, ...shape.slice(1).map(Number)], data: rows.values }];
    });
  return Object.assign({}, ...arriving, Object.fromEntries(own));
}

/** One array a field; zeros stand for what nothing depends on. */
function joinedFields(
  fields: StageFile["exports"],
  tensorOf: (name: string) => Tensor | undefined,
  examples = 0,
): Record<string, Float32Array> {
  const arrays = fields.map(({ field, tensors }) => {
    const all = tensors.map(({ name, shape }) => {
      return tensorOf(name)?.data ?? new Float32Array(examples * sizeOf(shape));
    });
    return [field, joined(all)] as const;
  });
  return Object.fromEntries(arrays);
}

function joined(arrays: readonly ArrayLike<number>[]): Float32Array {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}

/** Slopes of trained weights, and what was seen in place of observed ones. */
function gradientsOf({ gradients }: StageFile, stage: OpenStage, result: StageSlopes) {
  const own = new Map<string, Float32Array>();
  const nameOf = (node: string, weight: string) => JSON.stringify([node, weight]);
  for (const { node, weight, slopes } of result.weights) own.set(nameOf(node, weight), slopes);
  for (const { node, weight, values } of result.observed) own.set(nameOf(node, weight), values);
  const lengths = new Map(stage.weights.map(({ key, shape }) => [key, sizeOf(shape)]));
  const fields = gradients.map(({ field, uses }) => {
    const all = uses.map(({ node, weight }) => {
      const array = own.get(nameOf(node, weight));
      const isWhole = array !== undefined && array.length === lengths.get(weight);
      assert(isWhole, `"${weight}" has slopes at "${node}"`);
      return array;
    });
    return [field, joined(all)] as const;
  });
  return Object.fromEntries(fields);
}

function lossOf(loss: OutputLoss, { rows }: StageInput): StageLoss {
  assert(rows !== null, "the stage of the outputs has their targets");
  return (outputs) => {
    let sum = 0;
    const slopes = new Map<number, Float32Array>();
    for (const [index, { data }] of outputs) {
      const own = new Float32Array(data.length);
      sum += loss(data as Float32Array, rows.targets, rows.values, own);
      slopes.set(index, own);
    }
    return { loss: sum, slopes };
  };
}
