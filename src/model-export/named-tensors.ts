import type { TrainedModel } from "../platform/training/model.ts";
import { problems } from "../problems/registry.ts";
import { fromSafetensors, type Tensor } from "../wire/safetensors.ts";

/**
 * A model's tensors by the names of its layers. Linear models: `linear.weight`, a row an output,
 * over prepared features, and `linear.bias`. Factorization: `factorization.bias`, a number a
 * feature, and `factorization.factors`, a row a factor. Networks: as TensorFlow names them.
 */
export function layerTensors(model: TrainedModel): Readonly<Record<string, Tensor>> {
  const { weights, preparation, network } = model;
  const { parameters, pairs } = problems.create(model.problem);
  if (parameters !== undefined) {
    let at = 0;
    const moved = parameters.map(({ name, shape }): [string, Tensor] => {
      const length = shape.reduce((a, b) => a * b, 1);
      at += length;
      return [name, { shape, data: weights.subarray(at - length, at) }];
    });
    return { ...frozenTensors(network), ...Object.fromEntries(moved) };
  }
  const columns = preparation.featureNames.length;
  if (pairs !== undefined)
    return {
      "factorization.bias": { shape: [columns], data: weights.subarray(0, columns) },
      "factorization.factors": {
        shape: [weights.length / columns - 1, columns],
        data: weights.subarray(columns),
      },
    };
  return linearTensors(model);
}

/** Of layers that training left alone; those that it moved have the values they began with. */
function frozenTensors(network: Uint8Array | null): Readonly<Record<string, Tensor>> {
  return network === null ? {} : fromSafetensors(network, "the network").tensors;
}

function linearTensors({ weights, preparation }: TrainedModel): Record<string, Tensor> {
  const columns = preparation.featureNames.length;
  const outputs = weights.length / columns;
  const width = columns - (preparation.intercept ? 1 : 0);
  const weight = new Float32Array(outputs * width);
  const bias = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const block = weights.subarray(output * columns, (output + 1) * columns);
    weight.set(block.subarray(0, width), output * width);
    if (preparation.intercept) bias[output] = block[width]!;
  }
  return {
    "linear.weight": { shape: [outputs, width], data: weight },
    ...(preparation.intercept ? { "linear.bias": { shape: [outputs], data: bias } } : {}),
  };
}

/** The flat weights that `layerTensors` took apart. */
export function flatWeights(
  tensors: Readonly<Record<string, Tensor>>,
  model: Pick<TrainedModel, "problem" | "preparation">,
): Float32Array<ArrayBuffer> {
  const { parameters, pairs } = problems.create(model.problem);
  const values = (name: string) => (tensors[name]?.data ?? new Float32Array()) as Float32Array;
  if (parameters !== undefined) return joined(parameters.map(({ name }) => values(name)));
  if (pairs !== undefined)
    return joined([values("factorization.bias"), values("factorization.factors")]);
  const weight = values("linear.weight");
  const [outputs = 0, width = 0] = tensors["linear.weight"]?.shape ?? [];
  if (!model.preparation.intercept) return joined([weight]);
  const bias = values("linear.bias");
  return joined(
    Array.from({ length: outputs }, (_, i) => [
      weight.subarray(i * width, (i + 1) * width),
      bias.subarray(i, i + 1),
    ]).flat(),
  );
}

function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
