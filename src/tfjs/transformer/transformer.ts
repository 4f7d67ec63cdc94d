import {
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
} from "@tensorflow/tfjs-layers";
import { MaskedAttention, PositionEncoding, TiedEmbedding } from "../layers/transformer-layers.ts";

/** The sizes of an encoder-decoder Transformer. */
export interface TransformerSizes {
  /** Rows of the table that source, target and output share. */
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  /** Of the encoder, and as many of the decoder. */
  readonly layers: number;
  /** Units within a feed-forward layer. */
  readonly hidden: number;
  readonly dropout: number;
}

type Layer = LayersModel["layers"][number];
type Node = SymbolicTensor;

/**
 * The published Transformer (Vaswani et al., 2017): normalisation after each sum, sines for
 * positions, no bias in attention and output. Takes token numbers of sources [batch, length] and
 * of targets, one position behind and begun by a token of its own; 0 is padding. Gives a score for
 * every token at every position of the target.
 */
export function buildTransformer(sizes: TransformerSizes): LayersModel {
  const parts = wiring(sizes, (_, make) => make());
  const source = input({ shape: [null], dtype: "int32", name: "source" });
  const target = input({ shape: [null], dtype: "int32", name: "target" });
  const encoded = parts.encode(source);
  const scores = parts.project(parts.decode(target, encoded, source));
  return model({ inputs: [source, target], outputs: scores, name: "transformer" });
}

/** The encoder alone, of the same layers: computed once a sentence. */
export function transformerEncoder(whole: LayersModel, sizes: TransformerSizes): LayersModel {
  const parts = wiring(sizes, (name) => whole.getLayer(name));
  const source = input({ shape: [null], dtype: "int32" });
  return model({ inputs: source, outputs: parts.encode(source) });
}

/** How the layers hang together; `find` makes a layer the first time it is named. */
function wiring(sizes: TransformerSizes, find: (name: string, make: () => Layer) => Layer) {
  const { tokens, width, heads, layers: depth, hidden, dropout } = sizes;
  const layersByName = new Map<string, Layer>();
  const apply = (name: string, make: () => Layer, ...inputs: Node[]): Node => {
    const layer = layersByName.get(name) ?? find(name, make);
    layersByName.set(name, layer);
    return layer.apply(inputs.length === 1 ? inputs[0]! : inputs) as Node;
  };
  const embedding = (x: Node) =>
    apply("embedding", () => new TiedEmbedding({ tokens, width, name: "embedding" }), x);
  const dropped = (name: string, x: Node) =>
    apply(name, () => layers.dropout({ rate: dropout, name }), x);
  const embedded = (side: string, numbers: Node) => {
    const name = `${side}_position`;
    const placed = apply(name, () => new PositionEncoding({ name }), embedding(numbers));
    return dropped(`${side}_dropout`, placed);
  };
  const residual = (name: string, x: Node, change: Node) => {
    const sum = apply(`${name}_add`, () => layers.add({ name: `${name}_add` }), x, change);
    const norm = { epsilon: normEpsilon, name: `${name}_norm` };
    return apply(`${name}_norm`, () => layers.layerNormalization(norm), sum);
  };
  const attention = (name: string, queries: Node, memory: Node, numbers: Node, causal = false) => {
    const make = () => new MaskedAttention({ heads, causal, name });
    const seen =
      queries === memory
        ? apply(name, make, queries, numbers)
        : apply(name, make, queries, memory, numbers);
    return residual(name, queries, dropped(`${name}_dropout`, seen));
  };
  const feedForward = (name: string, x: Node) => {
    const inner = { units: hidden, activation: "relu" as const, name: `${name}_in` };
    const outer = { units: width, name: `${name}_out` };
    const wide = apply(inner.name, () => layers.dense(inner), x);
    const change = apply(outer.name, () => layers.dense(outer), wide);
    return residual(name, x, dropped(`${name}_dropout`, change));
  };
  return {
    encode(source: Node): Node {
      let x = embedded("source", source);
      for (let at = 0; at < depth; at++) {
        x = attention(`encoder_${at}_attention`, x, x, source);
        x = feedForward(`encoder_${at}_forward`, x);
      }
      return x;
    },
    decode(target: Node, encoded: Node, source: Node): Node {
      let x = embedded("target", target);
      for (let at = 0; at < depth; at++) {
        x = attention(`decoder_${at}_attention`, x, x, target, true);
        x = attention(`decoder_${at}_memory`, x, encoded, source);
        x = feedForward(`decoder_${at}_forward`, x);
      }
      return x;
    },
    project: embedding,
  };
}

/** As published; TensorFlow.js itself takes 1e-3. */
const normEpsilon = 1e-6;
