import type { TaskKind } from "../task-kind.ts";
import {
  invalidStageReply,
  loadStageRows,
  prepareStage,
  type ReadyStage,
  type StageRows,
  type StageTask,
  stageEffects,
} from "./stage-task.ts";

/** A stage's derivative at a microbatch: slopes of what it read, and of its weights. */
export interface StageBackwardTask extends StageTask {
  readonly operation: "stage-backward";
  /** Of what it exported, from each stage that read it; put there by the worker. */
  readonly slopes?: readonly Float32Array[];
}

/**
 * The backward pass of a microbatch, the forward pass computed again from what the stage read: any
 * environment can do it. Where the model's outputs are made, the sum of losses begins it.
 */
export const stageBackward: TaskKind<StageBackwardTask, StageRows, ReadyStage> = {
  opensProblem: true,
  load: loadStageRows,
  prepare: (place, rowsOf, task, problem) => prepareStage(problem, place, rowsOf, task),
  compute(_problem, { engine, input }, { step, rows: { microbatch, examples }, slopes = [] }) {
    const { loss, fields } = engine.backward(input, slopes, { step, microbatch, examples });
    return { loss, values: new Float32Array(0), version: step, tensors: fields };
  },
  validate: invalidStageReply,
  size: { requestArrays: ({ weights }) => [weights.byteLength], entries: ({ work }) => work },
  effects: stageEffects,
};
