import { activated, type LayerInput, noOperator } from "./activations.ts";
import type { GraphBuilder } from "./graph.ts";

/** The value that a layer gives. */
type Operator = (layer: LayerInput) => string;

/** By the layer's class. Images are [rows, height, width, channels], as TensorFlow has them. */
export const layerOperators: Readonly<Record<string, Operator>> = {
  InputLayer: ({ inputs }) => inputs[0]!,
  Dropout: ({ inputs }) => inputs[0]!,
  SpatialDropout1D: ({ inputs }) => inputs[0]!,
  GaussianNoise: ({ inputs }) => inputs[0]!,
  ActivityRegularization: ({ inputs }) => inputs[0]!,
  Dense: dense,
  Activation: (layer) => activated(layer, layer.inputs[0]!),
  ReLU: (layer) => layer.graph.node("Relu", [layer.inputs[0]!]),
  LeakyReLU: ({ graph, inputs, config }) =>
    graph.node("LeakyRelu", [inputs[0]!], { alpha: { float: Number(config.alpha ?? 0.3) } }),
  ELU: ({ graph, inputs, config }) =>
    graph.node("Elu", [inputs[0]!], { alpha: { float: Number(config.alpha ?? 1) } }),
  Softmax: ({ graph, inputs }) => graph.node("Softmax", [inputs[0]!], { axis: { int: -1 } }),
  Reshape: ({ graph, inputs, config }) =>
    graph.node("Reshape", [inputs[0]!, graph.integers([0, ...sizes(config.target_shape)])]),
  Flatten: ({ graph, inputs }) => graph.node("Reshape", [inputs[0]!, graph.integers([0, -1])]),
  Conv1D: (layer) => convolution(layer, 1),
  Conv2D: (layer) => convolution(layer, 2),
  MaxPooling1D: (layer) => pooling(layer, "MaxPool", 1),
  MaxPooling2D: (layer) => pooling(layer, "MaxPool", 2),
  AveragePooling1D: (layer) => pooling(layer, "AveragePool", 1),
  AveragePooling2D: (layer) => pooling(layer, "AveragePool", 2),
  GlobalAveragePooling1D: (layer) => reduced(layer, "ReduceMean", [1]),
  GlobalAveragePooling2D: (layer) => reduced(layer, "ReduceMean", [1, 2]),
  GlobalMaxPooling1D: (layer) => reduced(layer, "ReduceMax", [1]),
  GlobalMaxPooling2D: (layer) => reduced(layer, "ReduceMax", [1, 2]),
  Cropping2D: cropping,
  Embedding: ({ graph, inputs, tensors, name }) =>
    graph.node("Gather", [
      weight(graph, tensors, `${name}/embeddings`),
      graph.node("Cast", [inputs[0]!], { to: { int: 7 } }),
    ]),
  Add: (layer) => folded(layer, "Add"),
  Multiply: (layer) => folded(layer, "Mul"),
  Maximum: (layer) => layer.graph.node("Max", layer.inputs),
  Minimum: (layer) => layer.graph.node("Min", layer.inputs),
  Average: (layer) => layer.graph.node("Mean", layer.inputs),
  Concatenate: ({ graph, inputs, config }) =>
    graph.node("Concat", inputs, { axis: { int: Number(config.axis ?? -1) } }),
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  PositionEmbedding: ({ graph, inputs, tensors, name }) =>
    graph.node("Add", [inputs[0]!, weight(graph, tensors, `${name}/table`)]),
  CausalSelfAttention: causalSelfAttention,
};

function weight(
  graph: GraphBuilder,
  tensors: LayerInput["tensors"],
  name: string,
  shape?: readonly number[],
): string {
  const tensor = tensors[name];
  if (tensor === undefined) throw noOperator(`the model has no tensor ${name}`);
  return graph.floats(tensor.data as Float32Array, shape ?? tensor.shape, name);
}

function dense(layer: LayerInput): string {
  const { graph, inputs, tensors, name } = layer;
  const kernel = weight(graph, tensors, `${name}/kernel`);
  return activated(layer, withBias(layer, graph.node("MatMul", [inputs[0]!, kernel])));
}

function withBias({ graph, tensors, name, config }: LayerInput, value: string): string {
  if (config.use_bias === false) return value;
  return graph.node("Add", [value, weight(graph, tensors, `${name}/bias`)]);
}

/** Channels last to channels first, and back. */
function channelsFirst(graph: GraphBuilder, value: string, dimensions: number): string {
  const order = dimensions === 2 ? [0, 3, 1, 2] : [0, 2, 1];
  return graph.node("Transpose", [value], { perm: { ints: order } });
}

function channelsLast(graph: GraphBuilder, value: string, dimensions: number): string {
  const order = dimensions === 2 ? [0, 2, 3, 1] : [0, 2, 1];
  return graph.node("Transpose", [value], { perm: { ints: order } });
}

function convolution(layer: LayerInput, dimensions: number): string {
  const { graph, inputs, tensors, name, config } = layer;
  refuseChannels(layer);
  const kernel = weight(graph, tensors, `${name}/kernel`);
  // TensorFlow: [height, width, in, out]; ONNX: [out, in, height, width].
  const order = dimensions === 2 ? [3, 2, 0, 1] : [2, 1, 0];
  const turned = graph.node("Transpose", [kernel], { perm: { ints: order } });
  const value = graph.node("Conv", [channelsFirst(graph, inputs[0]!, dimensions), turned], {
    strides: { ints: each(config.strides, dimensions) },
    dilations: { ints: each(config.dilation_rate, dimensions) },
    auto_pad: { string: padding(layer) },
  });
  return activated(layer, withBias(layer, channelsLast(graph, value, dimensions)));
}

function pooling(layer: LayerInput, op: string, dimensions: number): string {
  const { graph, inputs, config } = layer;
  refuseChannels(layer);
  const size = each(config.pool_size, dimensions);
  const value = graph.node(op, [channelsFirst(graph, inputs[0]!, dimensions)], {
    kernel_shape: { ints: size },
    strides: { ints: each(config.strides ?? size, dimensions) },
    auto_pad: { string: padding(layer) },
  });
  return channelsLast(graph, value, dimensions);
}

function padding({ config, name }: LayerInput): string {
  if (config.padding === "same") return "SAME_UPPER";
  if (config.padding === "valid" || config.padding === undefined) return "VALID";
  throw noOperator(`layer ${name}: padding ${String(config.padding)}`);
}

function refuseChannels({ config, name }: LayerInput): void {
  const { data_format } = config;
  if (data_format === "channels_first" || data_format === "channelsFirst")
    throw noOperator(`layer ${name}: channels first`);
}

function reduced({ graph, inputs }: LayerInput, op: string, axes: readonly number[]): string {
  // ReduceMean and ReduceMax take axes as an input since opset 18.
  return graph.node(op, [inputs[0]!, graph.integers(axes)], { keepdims: { int: 0 } });
}

function cropping({ graph, inputs, config }: LayerInput): string {
  const [rows, columns] = config.cropping as [[number, number], [number, number]];
  const ends = [rows, columns].map(([, end]) => (end === 0 ? Number.MAX_SAFE_INTEGER : -end));
  const starts = [rows[0], columns[0]];
  return graph.node("Slice", [
    inputs[0]!,
    graph.integers(starts),
    graph.integers(ends),
    graph.integers([1, 2]),
  ]);
}

function folded({ graph, inputs }: LayerInput, op: string): string {
  return inputs.slice(1).reduce((sum, one) => graph.node(op, [sum, one]), inputs[0]!);
}

function batchNormalization({ graph, inputs, tensors, config, name }: LayerInput): string {
  const at = (part: string) => weight(graph, tensors, `${name}/${part}`);
  const epsilon = graph.floats([Number(config.epsilon ?? 1e-3)], [1]);
  const spread = graph.node("Sqrt", [graph.node("Add", [at("moving_variance"), epsilon])]);
  const centred = graph.node("Sub", [inputs[0]!, at("moving_mean")]);
  let value = graph.node("Div", [centred, spread]);
  if (config.scale !== false) value = graph.node("Mul", [value, at("gamma")]);
  return config.center === false ? value : graph.node("Add", [value, at("beta")]);
}

function layerNormalization({ graph, inputs, tensors, config, name }: LayerInput): string {
  const axes = [config.axis as number | number[] | undefined].flat().map((one) => one ?? -1);
  if (axes.length !== 1 || config.scale === false || config.center === false)
    throw noOperator(`layer ${name}: a normalisation of several axes, or without gamma`);
  const scale = weight(graph, tensors, `${name}/gamma`);
  const shift = weight(graph, tensors, `${name}/beta`);
  return graph.node("LayerNormalization", [inputs[0]!, scale, shift], {
    axis: { int: axes[0]! },
    epsilon: { float: Number(config.epsilon ?? 1e-3) },
  });
}

/** As `tfjs/layers.ts` computes it: [rows, positions, width] to the same. */
function causalSelfAttention({ graph, inputs, tensors, config, name }: LayerInput): string {
  const heads = Number(config.heads);
  const joint = tensors[`${name}/joint`]!;
  const width = joint.shape[0]!;
  const size = width / heads;
  const all = graph.node("MatMul", [inputs[0]!, weight(graph, tensors, `${name}/joint`)]);
  const split = (part: number) => {
    const bounds = [[part * width], [(part + 1) * width], [2]].map((one) => graph.integers(one));
    const own = graph.node("Slice", [all, ...bounds]);
    const byHead = graph.node("Reshape", [own, graph.integers([0, -1, heads, size])]);
    return graph.node("Transpose", [byHead], { perm: { ints: [0, 2, 1, 3] } });
  };
  const [q, k, v] = [split(0), split(1), split(2)];
  const turned = graph.node("Transpose", [k], { perm: { ints: [0, 1, 3, 2] } });
  const scale = graph.floats([1 / Math.sqrt(size)], [1]);
  const scores = graph.node("Mul", [graph.node("MatMul", [q, turned]), scale]);
  const seen = graph.node("Softmax", [graph.node("Add", [scores, hidden(graph, scores)])], {
    axis: { int: -1 },
  });
  const mixed = graph.node("Transpose", [graph.node("MatMul", [seen, v])], {
    perm: { ints: [0, 2, 1, 3] },
  });
  const joined = graph.node("Reshape", [mixed, graph.integers([0, -1, width])]);
  return graph.node("MatMul", [joined, weight(graph, tensors, `${name}/output`)]);
}

/** Far below zero above the diagonal, where a position would see a later one; of any size. */
function hidden(graph: GraphBuilder, scores: string): string {
  const shape = graph.node("Shape", [scores], { start: { int: 2 } });
  const full = graph.node("Expand", [graph.floats([-1e9], [1]), shape]);
  return graph.node("Trilu", [full, graph.node("Squeeze", [graph.integers([1])])], {
    upper: { int: 1 },
  });
}

function sizes(value: unknown): number[] {
  return (value as readonly (number | null)[]).map((size) => size ?? -1);
}

function each(value: unknown, dimensions: number): number[] {
  if (Array.isArray(value)) return value as number[];
  return Array.from({ length: dimensions }, () => Number(value ?? 1));
}
