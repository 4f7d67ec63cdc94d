import type { LayerGraph } from "../../src/model-parallel/layer-graph.ts";
import { zooWidth } from "../model-parallel/zoo.ts";

/** Widths of a random model's tensors, from what its layers say. */
export function shapesOfZoo(graph: LayerGraph): LayerGraph {
  const widths = new Map<string, number>(graph.inputs.map((id) => [id, zooWidth]));
  for (const { module, inputs, outputs } of graph.nodes) {
    const { className, config } = graph.modules.find(({ name }) => name === module)!;
    const read = inputs.map((id) => widths.get(id)!);
    const width =
      className === "Dense"
        ? Number(config.units)
        : className === "Concatenate"
          ? read.reduce((a, b) => a + b, 0)
          : read[0]!;
    widths.set(outputs[0]!, width);
  }
  const tensors = graph.tensors.map((tensor) => {
    const width = widths.get(tensor.id)!;
    return { ...tensor, shape: [null, width], bytesPerExample: 4 * width };
  });
  return { ...graph, tensors };
}
