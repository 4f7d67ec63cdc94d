import type { Random } from "../../src/core/random.ts";
import type { StageRule, Trace } from "../../src/model-parallel/cost-model.ts";
import type { LayerGraph, LayerNode } from "../../src/model-parallel/layer-graph.ts";

/** A graph of uses, each `[module, ...what it reads]`; the last use's tensor is the output. */
export function graphOf(uses: readonly (readonly string[])[], inputs = ["x"]): LayerGraph {
  const counts = new Map<string, number>();
  const nodes = uses.map(([module, ...reads]): LayerNode => {
    const use = counts.get(module!) ?? 0;
    counts.set(module!, use + 1);
    const id = use === 0 ? module! : `${module}#${use}`;
    return { id, module: module!, inputs: reads, outputs: [id] };
  });
  const tensor = (id: string, producer: string | null) => ({
    ...{ id, producer, shape: [null, 1], dtype: "float32", bytesPerExample: 4 },
  });
  return {
    name: "synthetic",
    modules: [...counts.keys()].map((name) => ({
      ...{ name, path: name.split("/"), className: "Dense", config: {}, weights: [name] },
    })),
    nodes,
    tensors: [...inputs.map((id) => tensor(id, null)), ...nodes.map(({ id }) => tensor(id, id))],
    inputs,
    outputs: [nodes.at(-1)!.id],
  };
}

export function chain(length: number): LayerGraph {
  return graphOf(Array.from({ length }, (_, i) => [`layer${i}`, i === 0 ? "x" : `layer${i - 1}`]));
}

export interface Figures {
  readonly ms: (id: string, at: number) => number;
  readonly weightBytes: (module: string, at: number) => number;
  readonly bytes: (tensor: string) => number;
}

/** A trace of one example; a use's forward pass takes a third of its time. */
export function traceOf(graph: LayerGraph, of: Partial<Figures> = {}): Trace {
  const { ms = () => 3, weightBytes = () => 400, bytes = () => 40 } = of;
  return {
    examples: 1,
    modules: Object.fromEntries(
      graph.modules.map(({ name }, i) => {
        const size = weightBytes(name, i);
        return [name, { weightBytes: size, packedBytes: size, trainableBytes: size }];
      }),
    ),
    nodes: Object.fromEntries(
      graph.nodes.map(({ id, outputs }, i) => {
        const activationBytes = outputs.reduce((sum, tensor) => sum + bytes(tensor), 0);
        const time = ms(id, i);
        return [
          id,
          {
            ...{ forwardMs: time / 3, backwardMs: (2 * time) / 3, activationBytes },
            ...{ slopeBytes: 0, workingBytes: 0 },
          },
        ];
      }),
    ),
    tensors: Object.fromEntries(
      graph.tensors.map(({ id }) => [id, { shape: [1, bytes(id) / 4], dtype: "float32" }]),
    ),
  };
}

export function randomTrace(graph: LayerGraph, random: Random): Trace {
  const draw = (most: number) => () => 1 + random.integer(most);
  return traceOf(graph, {
    ms: draw(50),
    weightBytes: () => 4 * draw(1000)(),
    bytes: () => 4 * draw(200)(),
  });
}

export const plainRule: StageRule = {
  examples: 1,
  optimizerSlots: 0,
  recompute: false,
  inFlight: () => 1,
  memoryBytesMax: null,
  bytesPerMs: Number.POSITIVE_INFINITY,
  balance: 0,
};
