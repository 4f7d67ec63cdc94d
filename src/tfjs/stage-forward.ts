import * as tf from "@tensorflow/tfjs-core";
import type { StageStep } from "../model-parallel/stage-program.ts";
import type { StagePass } from "../model-parallel/staged-model.ts";
import type { Tensor } from "../wire/safetensors.ts";
import { withSeededRandom } from "./seeded-random.ts";
import type {
  ForwardPass,
  LayerWeight,
  Observation,
  StageModel,
  UsedWeight,
} from "./stage-model.ts";

export function tensorsToKeep({ exports, outputs }: ForwardPass): tf.Tensor[] {
  return [...Object.values(exports), ...outputs].map(({ value }) => value);
}

/** Runs a stage's uses in the canonical order. */
export function runForward(
  stage: StageModel,
  inputs: Readonly<Record<string, Tensor>>,
  task: StagePass,
): ForwardPass {
  const { program } = stage;
  const values = new Map<string, tf.Tensor>();
  const imports: { key: string; variable: tf.Variable }[] = [];
  for (const { key, tensor, fromStage, dtype } of program.imports) {
    const { shape, data } = inputs[tensor]!;
    const type = dtype === "int32" || dtype === "bool" ? dtype : "float32";
    const value = tf.tensor(data as Float32Array, [...shape], type);
    if (fromStage === null || type !== "float32") values.set(key, value);
    else {
      const variable = tf.variable(value);
      imports.push({ key, variable });
      values.set(key, variable);
    }
  }
  const weights: UsedWeight[] = [];
  const observed: Observation[] = [];
  const exports: Record<string, { tensor: string; value: tf.Tensor }> = {};
  for (const step of program.steps)
    if (step.kind === "use") use(stage, step, task, values, weights, observed);
    else exports[step.key] = { tensor: step.tensor, value: tf.clone(values.get(step.tensor)!) };
  const outputs = program.outputs.map(({ index, tensor }) => {
    return { index, value: tf.clone(values.get(tensor)!) };
  });
  const penalties = (own: StageModel) => penaltiesOf(own, weights);
  return { imports, weights, exports, outputs, observed, penalties };
}

function use(
  stage: StageModel,
  step: Extract<StageStep, { kind: "use" }>,
  { step: at, microbatch, isPrediction }: StagePass,
  values: Map<string, tf.Tensor>,
  weights: UsedWeight[],
  observed: Observation[],
): void {
  const layer = stage.layer(step.module);
  const own = layer.trainableWeights.map((owner) => ({
    ...{ node: step.node, weight: stage.keyOf(owner), owner },
    variable: tf.variable(owner.read()),
  }));
  weights.push(...own);
  // A use's slopes are summed before they meet those of others: the same bits on every stage.
  const once = new Map(step.inputs.map((key) => [key, tf.clone(values.get(key)!)]));
  const inputs = step.inputs.map((key) => once.get(key)!);
  const label = `step/${at}/microbatch/${microbatch}/use/${step.position}`;
  const training = isPrediction !== true;
  const watched = training ? layer.weights.filter((weight) => stage.observing.has(weight)) : [];
  const result = observing(stage, step.node, watched, observed, () =>
    withWeights(own, () =>
      withSeededRandom(stage.random.fork(label), () =>
        layer.apply(inputs.length === 1 ? inputs[0]! : inputs, { training }),
      ),
    ),
  );
  for (const [k, tensor] of step.outputs.entries())
    values.set(tensor, (Array.isArray(result) ? result : [result])[k] as tf.Tensor);
}

/** Lets a layer read other variables instead of its own. */
function withWeights<T>(used: readonly UsedWeight[], work: () => T): T {
  const before = used.map(({ owner }) => (owner as unknown as { val: tf.Variable }).val);
  for (const { owner, variable } of used) Object.assign(owner, { val: variable });
  try {
    return work();
  } finally {
    for (const [i, { owner }] of used.entries()) Object.assign(owner, { val: before[i] });
  }
}

/**
 * Tells what batch normalisation sees, and leaves its averages as they were: a pass may be done
 * again. From zero, and without momentum, an average becomes just what was seen.
 */
function observing<T>(
  stage: StageModel,
  node: string,
  watched: readonly LayerWeight[],
  observed: Observation[],
  work: () => T,
): T {
  if (watched.length === 0) return work();
  const before = watched.map((weight) => weight.read().dataSync().slice());
  for (const weight of watched) tf.tidy(() => void weight.write(tf.zerosLike(weight.read())));
  try {
    const result = work();
    for (const weight of watched) {
      const values = weight.read().dataSync().slice() as Float32Array;
      observed.push({ node, weight: stage.keyOf(weight), values });
    }
    return result;
  } finally {
    for (const [i, weight] of watched.entries()) {
      const shape = weight.shape.map(Number);
      tf.tidy(() => void weight.write(tf.tensor(before[i]!, shape)));
    }
  }
}

/** Of layers that are first used here, by the variables of that use. */
function penaltiesOf(stage: StageModel, weights: readonly UsedWeight[]): readonly tf.Scalar[] {
  return stage.program.penalties.flatMap(({ module, node }) =>
    withWeights(
      weights.filter((weight) => weight.node === node),
      () => stage.layer(module).calculateLosses(),
    ),
  );
}
