import type { Trace } from "./cost-model.ts";
import type { LayerGraph } from "./layer-graph.ts";
import type { Sharing } from "./partition.ts";
import type { ScheduleName } from "./schedule.ts";

/** What does not change from one forecast to the next. */
export interface PipelineModel {
  /** With what the trace tells; see `tracedGraph`. */
  readonly graph: LayerGraph;
  readonly trace: Trace;
  /** Memory of the function that the trace ran in: its times are those of that share of a CPU. */
  readonly tracedMemoryMb: number;
  readonly examplesPerStep: number;
  readonly optimizerSlots: number;
  readonly recompute: boolean;
  readonly balance: number;
  readonly shared: Sharing;
  readonly partitioner: "graph" | "tree";
  readonly schedule: ScheduleName;
  readonly rates: PipelineRates;
}

/** What the platform takes, measured by whoever asks. */
export interface PipelineRates {
  /** From the end of a task, by way of the orchestrator, to the start of the next; not paid. */
  readonly invokeMs: number;
  /** Of one object read or written; paid. */
  readonly objectMs: number;
  readonly bytesPerMs: number;
  /** Of a worker that holds no model. */
  readonly residentBytes: number;
  readonly orchestratorMemoryMb: number;
}

/** One setting to be priced. */
export interface PipelineSetting {
  readonly stages: number;
  readonly microbatches: number;
  readonly replicas: number;
  readonly memoryMb: number;
}
