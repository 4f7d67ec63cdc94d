import {
  type Compute,
  type Outcome,
  type Receiver,
  type Slotted,
  spared,
} from "../ports/compute.ts";
import { KnownWeights, weightsOf } from "../worker/known-weights.ts";

/** Bytes of the arrays of a task as its request has them, given those of the task itself. */
type RequestArrays<Task> = (task: Task, all: readonly number[]) => readonly number[];

/**
 * A compute whose workers keep the weights that they had, as deployed ones do: tasks are what they
 * were, only their requests weigh what tells the change. `make` is given the bytes of a request.
 */
export function simulatedWeights<Task extends Slotted, Reply>(
  make: (requestArrays: RequestArrays<Task>) => Compute<Task, Reply>,
): Compute<Task, Reply> {
  const known = new KnownWeights();
  const changes = new WeakMap<Task, readonly number[]>();
  const inner = make((task, all) => {
    const change = changes.get(task);
    const weights = weightsOf(task);
    if (change === undefined || weights === null) return all;
    const at = all.indexOf(weights.byteLength);
    return at < 0 ? all : [...all.slice(0, at), ...change, ...all.slice(at + 1)];
  });
  const ended = new WeakSet<Task>();
  const begin = (task: Task) => {
    const weights = weightsOf(task);
    // A lost task is started again as the same object.
    ended.delete(task);
    changes.delete(task);
    const told = weights === null ? null : known.begin(task.slot, weights);
    if (told === null) return;
    const { runs, values } = told.change;
    changes.set(task, [runs.byteLength, values.byteLength]);
  };
  const end = (task: Task, outcome: Outcome<Reply>) => {
    const weights = weightsOf(task);
    if (weights === null || ended.has(task)) return;
    ended.add(task);
    known.end(task.slot, outcome.kind === "done" || outcome === spared ? weights : null);
  };
  const startAll = (tasks: readonly Task[], receiver: Receiver<Reply>) => {
    for (const task of tasks) begin(task);
    inner.startAll!(tasks, {
      deliver(index, outcome, usage) {
        end(tasks[index]!, outcome);
        receiver.deliver(index, outcome, usage);
      },
      isWanted: (index) => receiver.isWanted(index),
    });
  };
  return {
    start(task, deliver, isWanted) {
      begin(task);
      inner.start(
        task,
        (outcome, usage) => {
          end(task, outcome);
          deliver(outcome, usage);
        },
        isWanted,
      );
    },
    ...(inner.startAll === undefined ? {} : { startAll }),
    close: () => inner.close(),
  };
}
