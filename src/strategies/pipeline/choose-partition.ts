import { RunError } from "../../core/errors.ts";
import { costModel, type StageRule, type Trace } from "../../model-parallel/cost-model.ts";
import { fewestStages, partitionGraph } from "../../model-parallel/graph-partitioner.ts";
import { indexGraph, type LayerGraph } from "../../model-parallel/layer-graph.ts";
import {
  checkPartition,
  type Partition,
  refuseLarge,
  stageTable,
} from "../../model-parallel/partition.ts";
import { placeByLayer, placeByLayout } from "../../model-parallel/placement.ts";
import { partitionTree } from "../../model-parallel/tree-partitioner.ts";
import type { Stepper } from "../../optimizers/optimizer.ts";
import { toPacket } from "../../wire/packet.ts";
import type { PipelineOptions } from "./options.ts";

/** Of a worker that holds no model, and of arrays that nothing refers to any more. */
const residentBytes = 200 * 1024 * 1024;
/** Of what goes between stages by way of the store. */
const bytesPerMs = 80_000;

/** Where a traced graph is cut, as the options say. Throws `RunError` where it cannot be. */
export function choosePartition(
  options: PipelineOptions,
  rule: StageRule,
  graph: LayerGraph,
  trace: Trace,
): Partition {
  const { placement, partitioner, shared, stages } = options;
  const model = costModel(graph, trace, rule);
  if (placement !== "auto") {
    const index = indexGraph(graph);
    const partition =
      typeof placement === "string"
        ? placeByLayout(index, placement, shared)
        : placeByLayer(index, placement, shared);
    const count = partition.stages.length;
    if (stages !== "auto" && count !== stages)
      throw new RunError(
        "bad-partition",
        `strategy.placement: it has ${count} stages, and strategy.stages says ${stages}`,
        { hint: `say stages: ${count}, or place the layers on ${stages}` },
      );
    refuseLarge(model, stageTable(model, partition));
    return partition;
  }
  // One stage that does not fit is refused with what would.
  const count = stages === "auto" ? (fewestStages(model, shared) ?? 1) : stages;
  const partition =
    partitioner === "tree" ? partitionTree(model, count) : partitionGraph(model, count, shared);
  checkPartition(model.index, partition, shared);
  refuseLarge(model, stageTable(model, partition));
  return partition;
}

/** What a stage's cost depends on besides the model. */
export function stageRule(
  { recompute, microbatches, schedule, balance }: PipelineOptions,
  examples: number,
  optimizer: Stepper,
  memoryMb: number,
): StageRule {
  const inFlight = (stage: number, count: number) => {
    const most = { simple: microbatches, "1f1b": count - stage, interleaved: count + 2 };
    return Math.min(microbatches, most[schedule]);
  };
  return {
    examples,
    optimizerSlots: optimizerSlots(optimizer),
    recompute,
    inFlight,
    memoryBytesMax: memoryMb * 1024 * 1024 - residentBytes,
    bytesPerMs,
    balance,
  };
}

/** Numbers of four bytes that it keeps for a weight: by how its memory grows. */
export function optimizerSlots(optimizer: Stepper): number {
  const bytesOf = (length: number) => {
    const weights = new Float32Array(length);
    const { memory } = optimizer.move(optimizer.start(), {
      weights,
      asked: weights,
      gradient: new Float64Array(length),
      stepSize: 0,
      tensors: [{ name: "weight", shape: [length] }],
      shrink: (point) => point,
    });
    return toPacket(memory).length;
  };
  return Math.round((bytesOf(2_048) - bytesOf(1_024)) / 1_024 / Float32Array.BYTES_PER_ELEMENT);
}
