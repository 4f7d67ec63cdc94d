import type { TaskKind } from "../task-kind.ts";
import { bytesByValue, type HandedTensor, openTensor } from "./handed-tensor.ts";
import { slopesByRows } from "./part-slopes.ts";
import {
  invalidStageReply,
  loadStageRows,
  prepareStage,
  type ReadyStage,
  type StagePassTask,
  type StageRows,
  stageAt,
  stageEffects,
  stashName,
} from "./stage-task.ts";

/** A stage's derivative at a microbatch: slopes of what it read, and of its weights. */
export interface StageBackwardTask extends StagePassTask {
  readonly operation: "stage-backward";
  /** Of what it exported, from each stage that read it. */
  readonly slopes: readonly HandedTensor[];
  /** Slopes of tables are told by their rows where that is fewer bytes. */
  readonly byRows?: true;
}

interface BackwardInput extends ReadyStage {
  readonly slopes: readonly Float32Array[];
}

/**
 * The backward pass of a microbatch, the forward pass computed again from what the stage read: any
 * environment can do it. Where the model's outputs are made, the sum of losses begins it.
 */
export const stageBackward: TaskKind<StageBackwardTask, StageRows, BackwardInput> = {
  opensProblem: true,
  load: loadStageRows,
  async prepare(place, rowsOf, task, problem) {
    const stash = stashName(place, task);
    const ready = await prepareStage(problem, place, task, () => rowsOf(task.rows), stash);
    return {
      ...ready,
      slopes: await Promise.all(task.slopes.map((one) => openTensor(place, one))),
    };
  },
  compute(_problem, ready, { step, byRows, rows: { microbatch, examples } }) {
    const { input, slopes, stash } = ready;
    const pass = { step, microbatch, examples };
    const engine = stageAt(ready);
    const { loss, fields } = engine.backward(input, slopes, pass, stash);
    const tensors = byRows === true ? slopesByRows(engine.file, fields) : fields;
    return { loss, values: new Float32Array(0), version: step, tensors };
  },
  validate: invalidStageReply,
  size: {
    requestArrays: ({ weights, imports, slopes }) => [
      weights.byteLength,
      ...bytesByValue([...imports, ...slopes]),
    ],
    entries: ({ work }) => work,
  },
  effects: stageEffects,
};
