import { assert } from "../core/errors.ts";
import type { FieldTensors, NamedShape, StageFile } from "../model-parallel/pipeline-layout.ts";
import { classesInput } from "../model-parallel/split-layers.ts";
import type { StageInput, StagePass } from "../model-parallel/staged-model.ts";
import type { Tensor } from "../wire/safetensors.ts";
import type { RowInputs } from "./stage-model.ts";

export const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Weights out of one array, tensor after tensor. */
export function cutWeights(
  array: Float32Array,
  list: readonly NamedShape[],
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  let at = 0;
  for (const { name, shape } of list) {
    const data = array.subarray(at, at + sizeOf(shape));
    tensors[name] = { shape, data };
    at += data.length;
  }
  assert(at === array.length, "an array is as long as its tensors");
  return tensors;
}

/** Tensors of some examples out of one array: each has an axis of those in front. */
export function cutExamples(
  file: Pick<StageFile, "positions">,
  array: Float32Array,
  list: readonly NamedShape[],
  examples: number,
): Record<string, Tensor> {
  const there = positionsIn(file, array, list, examples);
  const shapes = list.map(({ name, shape }) => {
    const own = there === undefined ? shape : [there, ...shape.slice(1)];
    return { name, shape: [examples, ...own] };
  });
  return cutWeights(array, shapes);
}

/** How many positions tensors have in an array; undefined where shapes are as they stand. */
function positionsIn(
  { positions }: Pick<StageFile, "positions">,
  array: Float32Array,
  list: readonly NamedShape[],
  examples: number,
): number | undefined {
  if (positions === undefined) return undefined;
  const atLongest = list.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return Math.round((array.length * positions) / (examples * atLongest));
}

/** What a stage reads of earlier stages and of rows, by its tensors. */
export function importsOf(
  file: StageFile,
  { imports: arrays, rows }: StageInput,
  { examples }: StagePass,
  inputs: RowInputs,
): Readonly<Record<string, Tensor>> {
  const arriving = file.imports.map((list, i) => cutExamples(file, arrays[i]!, list, examples));
  const own = file.program.imports.filter(({ fromStage }) => fromStage === null);
  if (own.length === 0) return Object.assign({}, ...arriving);
  assert(rows !== null, "a stage that reads rows is handed some");
  return Object.assign({}, ...arriving, inputs(rows.values, examples, own, rows.targets));
}

/** Rows as they are for every input, and the classes that scores are judged by. */
export const plainInputs: RowInputs = (values, examples, own, targets) =>
  Object.fromEntries(
    own.map(({ tensor, shape: [_, ...rest] }) => {
      const shape = [examples, ...rest.map(Number)];
      const data = tensor === classesInput ? classesOf(values, targets, sizeOf(shape)) : values;
      return [tensor, { shape, data }];
    }),
  );

/** Where a row has several positions, each is to tell the next one's input, the last the target. */
function classesOf(values: Float32Array, targets: Float32Array, count: number): Float32Array {
  const positions = count / targets.length;
  return Float32Array.from({ length: count }, (_, at) =>
    at % positions === positions - 1 ? targets[Math.floor(at / positions)]! : values[at + 1]!,
  );
}

/** One array a field. */
export function joinedFields(
  fields: readonly FieldTensors[],
  tensorOf: (name: string) => Tensor,
): Record<string, Float32Array> {
  const arrays = fields.map(({ field, tensors }) => {
    return [field, joinedArrays(tensors.map(({ name }) => tensorOf(name).data))] as const;
  });
  return Object.fromEntries(arrays);
}

function joinedArrays(arrays: readonly ArrayLike<number>[]): Float32Array {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}
