import type { TaskKind } from "../task-kind.ts";
import { bytesByValue } from "./handed-tensor.ts";
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

/** A stage's forward pass: what later stages read of it. */
export interface StageForwardTask extends StagePassTask {
  readonly operation: "stage-forward";
}

interface ForwardInput extends ReadyStage {
  readonly keepAs: string | null;
}

/** The forward pass of a microbatch. Draws hang on step, microbatch and layer alone. */
export const stageForward: TaskKind<StageForwardTask, StageRows, ForwardInput> = {
  opensProblem: true,
  load: loadStageRows,
  async prepare(place, rowsOf, task, problem) {
    const ready = await prepareStage(problem, place, task, () => rowsOf(task.rows));
    return { ...ready, keepAs: stashName(place, task) };
  },
  compute(_problem, ready, { step, rows: { microbatch, examples } }) {
    const pass = { step, microbatch, examples };
    const tensors = stageAt(ready).forward(ready.input, pass, ready.keepAs);
    return { loss: 0, values: new Float32Array(0), version: step, tensors };
  },
  validate: invalidStageReply,
  size: {
    requestArrays: ({ weights, imports }) => [weights.byteLength, ...bytesByValue(imports)],
    entries: ({ work }) => work,
  },
  effects: stageEffects,
};
