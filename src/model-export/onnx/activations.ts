import { RunError } from "../../core/errors.ts";
import type { Tensor } from "../../wire/safetensors.ts";
import type { Attribute, GraphBuilder } from "./graph.ts";

/** A layer that is to become operators: TensorFlow's configuration, values by their names. */
export interface LayerInput {
  readonly graph: GraphBuilder;
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly inputs: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly name: string;
}

const activations: Readonly<
  Record<string, readonly [string, Readonly<Record<string, Attribute>>?]>
> = {
  relu: ["Relu"],
  sigmoid: ["Sigmoid"],
  tanh: ["Tanh"],
  elu: ["Elu"],
  selu: ["Selu"],
  softplus: ["Softplus"],
  softsign: ["Softsign"],
  softmax: ["Softmax", { axis: { int: -1 } }],
  hardSigmoid: ["HardSigmoid"],
  hard_sigmoid: ["HardSigmoid"],
};

/** The value after the layer's activation. */
export function activated({ graph, config, name }: LayerInput, value: string): string {
  const activation = config.activation as string | null | undefined;
  if (activation === null || activation === undefined || activation === "linear") return value;
  if (activation === "swish" || activation === "mish") {
    const inner = activation === "swish" ? value : graph.node("Softplus", [value]);
    return graph.node("Mul", [
      value,
      graph.node(activation === "swish" ? "Sigmoid" : "Tanh", [inner]),
    ]);
  }
  const operator = activations[activation];
  if (operator === undefined) throw noOperator(`layer ${name}: the activation ${activation}`);
  return graph.node(operator[0], [value], operator[1]);
}

export function noOperator(what: string): RunError {
  return new RunError("bad-format", `--format: onnx: ${what} has no operator`, {
    hint: "choose tfjs or safetensors, which hold every network",
  });
}
