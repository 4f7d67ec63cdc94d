import { availableParallelism } from "node:os";
import { parentPort, type Transferable, Worker, workerData } from "node:worker_threads";
import { messageOf } from "../core/errors.ts";
import { type Compute, type Deliver, noUsage, type Slotted } from "../ports/compute.ts";

interface Asked<Task> {
  readonly id: number;
  readonly task: Task;
}

type Answered<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: string };

/**
 * Tasks run on threads of this process. Each slot belongs to one thread, so that its shard stays
 * in that thread's memory; a thread that dies is replaced and its tasks are lost.
 */
export function threadsCompute<Task extends Slotted, Result>(options: {
  /** A module that calls `serveThread`. */
  readonly entry: URL;
  /** Handed to the module, structured-cloned. */
  readonly data: unknown;
  readonly threads?: number;
}): Compute<Task, Result> {
  const size = options.threads ?? availableParallelism();
  const lanes = Array.from({ length: size }, () => lane<Task, Result>(options));
  return {
    start: (task, deliver) => lanes[task.slot % size]!.start(task, deliver),
    async close() {
      await Promise.all(lanes.map((one) => one.close()));
    },
  };
}

interface WorkerThread<Task, Result> {
  start(task: Task, deliver: Deliver<Result>): void;
  close(): Promise<void>;
}

function lane<Task, Result>({
  entry,
  data,
}: {
  entry: URL;
  data: unknown;
}): WorkerThread<Task, Result> {
  const open = new Map<number, Deliver<Result>>();
  let thread: Worker | null = null;
  let isClosed = false;
  let count = 0;

  const begin = (): Worker => {
    const begun = new Worker(entry, { workerData: data });
    begun.on("message", (answer: Answered<Result>) => {
      const deliver = open.get(answer.id);
      open.delete(answer.id);
      if ("error" in answer) deliver?.({ kind: "lost", reason: answer.error }, noUsage);
      else deliver?.({ kind: "done", result: answer.result }, noUsage);
    });
    const end = (reason: string) => {
      if (thread !== begun) return;
      thread = null;
      const unanswered = [...open.values()];
      open.clear();
      if (!isClosed) for (const deliver of unanswered) deliver({ kind: "lost", reason }, noUsage);
    };
    begun.on("error", (thrown) => end(`its thread failed: ${messageOf(thrown)}`));
    begun.on("exit", (code) => end(`its thread ended with code ${code}`));
    return begun;
  };

  return {
    start(task, deliver) {
      thread ??= begin();
      const id = ++count;
      open.set(id, deliver);
      thread.postMessage({ id, task } satisfies Asked<Task>);
    },
    async close() {
      isClosed = true;
      await thread?.terminate();
    },
  };
}

/** The thread's side: answers every task with what `perform` makes of it. */
export function serveThread<Data, Task, Result>(
  open: (data: Data) => {
    perform(task: Task): Promise<Result>;
    /** Buffers of a result that may be moved instead of copied. */
    transfers(result: Result): Transferable[];
  },
): void {
  const { perform, transfers } = open(workerData as Data);
  parentPort?.on("message", ({ id, task }: Asked<Task>) => {
    void perform(task)
      .then((result) => parentPort?.postMessage({ id, result }, transfers(result)))
      // A result that cannot be sent loses its own task, not the thread with its shards.
      .catch((thrown: unknown) => parentPort?.postMessage({ id, error: messageOf(thrown) }));
  });
}
