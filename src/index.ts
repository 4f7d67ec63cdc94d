/** What a program may import: everything else may change without notice. */
export { RunError } from "./core/errors.ts";
export {
  type OwnMember,
  registerCompressor,
  registerEncoding,
  registerMetric,
  registerModule,
  registerOptimizer,
  registerProblem,
  registerWait,
} from "./library/members.ts";
export type { MicrobatchOutputs, NumberTensor } from "./library/microbatch-outputs.ts";
export {
  loadModel,
  predict,
  type TranslateOptions,
  translate,
} from "./library/model.ts";
export type { Model, Prediction } from "./library/model-in-hand.ts";
export {
  type ModelParallel,
  type ModelParallelOptions,
  modelParallel,
} from "./library/model-parallel.ts";
export type { ParallelStep, StepRows } from "./library/parallel-training.ts";
export {
  account,
  type ComparedRuns,
  compare,
  type ExportOptions,
  exportModel,
  type ForecastOptions,
  list,
  type PlaceOptions,
  type Plan,
  plan,
  type RunInList,
  startInStage,
} from "./library/queries.ts";
export { type ReleasedRows, type ReleaseInCode, release } from "./library/release.ts";
export type {
  NumberMatrix,
  Row,
  RowSource,
  RowValue,
  TensorDataset,
} from "./library/row-source.ts";
export type { DataInCode, SpecInCode } from "./library/spec-in-code.ts";
export type { OnRound, RoundAction } from "./library/steering.ts";
export {
  resume,
  type Trained,
  type TrainOptions,
  type TrainResult,
  train,
} from "./library/train.ts";
export type { Compute, Outcome, Usage } from "./ports/compute.ts";
export type { ResultEvent, RunEvent } from "./ports/events.ts";
export type { Store } from "./ports/store.ts";
export type { OwnMetric } from "./problems/own-metrics.ts";
export { corpusBleu } from "./problems/translation/bleu.ts";
export { defineRun, type RunInput } from "./run/resolve-spec.ts";
export { readSpec } from "./run/spec-file.ts";
export type { OwnMembers } from "./spec/registered.ts";
export type { RunSpec } from "./spec/run-spec.ts";
export type { WorkerReply, WorkerRequest, WorkerTask } from "./tasks/protocol.ts";
export { createWorker } from "./worker/worker.ts";
