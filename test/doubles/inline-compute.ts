import { messageOf } from "../../src/core/errors.ts";
import { type Compute, noUsage, type Slotted } from "../../src/ports/compute.ts";

/** Tasks run in this process, one after another, each in a turn of its own. */
export function inlineCompute<Task extends Slotted, Result>(
  perform: (task: Task) => Result | Promise<Result>,
): Compute<Task, Result> {
  let isClosed = false;
  let queue: Promise<void> = Promise.resolve();
  return {
    start(task, deliver) {
      queue = queue.then(async () => {
        if (isClosed) return;
        try {
          const result = await perform(task);
          if (!isClosed) deliver({ kind: "done", result }, noUsage);
        } catch (thrown) {
          if (!isClosed) deliver({ kind: "lost", reason: messageOf(thrown) }, noUsage);
        }
      });
    },
    async close() {
      isClosed = true;
      await queue;
    },
  };
}
