import { denseStripe } from "./dense";
import { halfStripe } from "./half-rows";
import { sparseStripe } from "./sparse";
import { Task } from "./task";

/** Works on one stripe of a task's rows; `lanes` and `scratch` belong to the calling thread. */
export function stripe(at: usize, index: i32, lanes: usize, scratch: usize): void {
  const task = changetype<Task>(at);
  if (task.storage == 0) denseStripe<f32>(task, index, lanes, scratch);
  else if (task.storage == 1) halfStripe(task, index, lanes, scratch);
  else if (task.storage == 2) denseStripe<i8>(task, index, lanes, scratch);
  else sparseStripe(task, index);
}

/** Where the module's own tables end. */
export const tablesEnd: usize = __heap_base;

export { hadamard } from "./hadamard";
export { greatest, packLevels, unpackLevels } from "./levels";
export { selectLargest } from "./select";
export { lossesAlong, lossesAndSlopesAt, lossesAt } from "./softplus";
export { sparseRows } from "./sparse-text";
export { tableRows } from "./table-text";
