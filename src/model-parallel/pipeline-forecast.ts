import { RunError } from "../core/errors.ts";
import { awsLambda } from "../limits.ts";
import { type CostModel, costModel } from "./cost-model.ts";
import { partitionGraph } from "./graph-partitioner.ts";
import { indexGraph, type LayerGraph } from "./layer-graph.ts";
import { type Partition, refuseLarge, type StageTable, stageTable } from "./partition.ts";
import { billOf, taskTimes, updateCosts } from "./pipeline-bill.ts";
import type { PipelineModel, PipelineSetting } from "./pipeline-setting.ts";
import { makeSchedule, orderFor, type Pipeline } from "./schedule.ts";
import { simulateSchedule, type Timeline } from "./simulate-schedule.ts";
import { partitionTree } from "./tree-partitioner.ts";

export interface PipelineForecast {
  readonly setting: PipelineSetting;
  readonly partition: Partition;
  readonly table: StageTable;
  readonly timeline: Timeline;
  /** Of one step: pipeline, then the exchange of gradients and the update. */
  readonly makespanMs: number;
  /** The share of time in which stages wait; it costs latency, and no money. */
  readonly bubble: number;
  readonly invocations: number;
  readonly bytesPerStep: number;
  readonly dollarsPerStep: number;
  /** What stages that stay through the bubble would cost: (m + p - 1) / m of the computing. */
  readonly residentDollarsPerStep: number;
}

/**
 * The forecast of one setting, cut as `cut` says or as is best. Throws `RunError` where it cannot
 * work, with what would.
 */
export function forecastPipeline(
  of: PipelineModel,
  setting: PipelineSetting,
  cut?: Partition,
): PipelineForecast {
  const model = stageModel(of, setting);
  const best = () =>
    of.partitioner === "tree"
      ? partitionTree(model, setting.stages)
      : partitionGraph(model, setting.stages, of.shared);
  const partition = cut ?? best();
  const table = stageTable(model, partition);
  refuseLarge(model, table);
  const pipeline = pipelineOf(of.graph, partition);
  const work = taskTimes(of, table.rows);
  const schedule = makeSchedule(pipeline, {
    ...{ name: orderFor(of.schedule, pipeline), microbatches: setting.microbatches },
  });
  const timeline = simulateSchedule(schedule, {
    forward: (stage) => work[stage]!.forwardMs,
    backward: (stage) => work[stage]!.backwardMs,
    hop: () => of.rates.invokeMs,
  });
  if ("deadlock" in timeline) throw new Error("broken promise: a schedule of ours ends");
  const update = updateCosts(of, setting, table);
  const makespanMs = timeline.makespan + update.ms;
  const bill = billOf(of, setting, work, { makespanMs, updateMs: update.billedMs });
  const { bubble } = timeline;
  const { microbatches: m, replicas } = setting;
  const bytesPerStep =
    replicas * m * work.reduce((sum, { bytes }) => sum + bytes, 0) + update.bytes;
  return { setting, partition, table, timeline, makespanMs, bubble, bytesPerStep, ...bill };
}

/** Costs at one setting: the largest microbatch, the speed and the room of its memory. */
export function stageModel(of: PipelineModel, setting: PipelineSetting): CostModel {
  const { microbatches, replicas, memoryMb } = setting;
  for (const [name, value] of Object.entries(setting))
    if (!Number.isInteger(value) || value < 1)
      throw new RunError("bad-plan", `${name}: ${value}: a whole number from 1 on is needed`);
  if (memoryMb < awsLambda.memoryMbMin || memoryMb > awsLambda.memoryMbMax)
    throw new RunError("bad-plan", `memoryMb: ${memoryMb}: Lambda has 128 to 10240`);
  if (of.examplesPerStep < microbatches * replicas)
    throw new RunError(
      "batch-too-small",
      `microbatches: ${microbatches} of ${replicas} replicas: the batch has ${of.examplesPerStep}`,
      { hint: `at most ${Math.floor(of.examplesPerStep / replicas)} microbatches` },
    );
  const { schedule } = of;
  const inFlight = (stage: number, count: number) =>
    Math.min(
      microbatches,
      schedule === "simple" ? microbatches : schedule === "1f1b" ? count - stage : count + 2,
    );
  const slower = cpuShare(of.tracedMemoryMb) / cpuShare(memoryMb);
  const nodes = Object.entries(of.trace.nodes).map(([id, node]) => {
    const [forwardMs, backwardMs] = [node.forwardMs * slower, node.backwardMs * slower];
    return [id, { ...node, forwardMs, backwardMs }] as const;
  });
  return costModel(
    of.graph,
    { ...of.trace, nodes: Object.fromEntries(nodes) },
    {
      ...{ optimizerSlots: of.optimizerSlots, recompute: of.recompute, balance: of.balance },
      ...{ inFlight, bytesPerMs: of.rates.bytesPerMs },
      examples: Math.ceil(of.examplesPerStep / (microbatches * replicas)),
      memoryBytesMax: memoryMb * 1024 * 1024 - of.rates.residentBytes,
    },
  );
}

/** One thread computes: a function with more than one processor is no faster. */
function cpuShare(memoryMb: number): number {
  return Math.min(1, memoryMb / awsLambda.memoryMbPerCpu);
}

function pipelineOf(graph: LayerGraph, { stages }: Partition): Pipeline {
  const index = indexGraph(graph);
  const stageOf = new Map(stages.flatMap(({ nodes }, i) => nodes.map((id) => [id, i] as const)));
  const producers = stages.map(({ nodes }, stage) => {
    const from = nodes.flatMap((id) =>
      index.node(id).inputs.flatMap((read) => stageOf.get(index.tensor(read).producer ?? "") ?? []),
    );
    return [...new Set(from)].filter((other) => other !== stage);
  });
  return { workerOf: stages.map(({ worker }) => worker), producers };
}
