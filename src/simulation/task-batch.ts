import type { Receiver, Usage } from "../ports/compute.ts";
import { billedMsOf, type InvocationTimes } from "../weather/invocation.ts";

/** `coldMs` is not a number where the start was a warm one. */
const field = { ranMs: 0, coldMs: 1, times: 2 } as const;
const fieldCount = 3;

/**
 * Tasks that were started together and what is to become of each, number by number: objects for
 * every one of ten thousand tasks a round would cost more than all else.
 */
export class SimulatedBatch<Task, Result> {
  /** As their workers do them. */
  tasks: readonly Task[];
  readonly receiver: Receiver<Result>;
  /** Members of `endings`. */
  readonly endings: Uint8Array<ArrayBuffer>;
  /** Of every task `fieldCount` numbers: few arrays, as many cohorts are of one task only. */
  private readonly fields: Float64Array<ArrayBuffer>;

  /** A list of its own, once a task is another than the one that was started. */
  private own: Task[] | null = null;

  /** Of the tasks that were worked on together; undefined before anybody asked. */
  private together: ((task: Task) => Result | null) | null | undefined;

  constructor(tasks: readonly Task[], receiver: Receiver<Result>) {
    this.tasks = tasks;
    this.receiver = receiver;
    this.endings = new Uint8Array(tasks.length);
    this.fields = new Float64Array(fieldCount * tasks.length);
  }

  /** The worker does this in the place of what was started. */
  replace(index: number, task: Task): void {
    this.own ??= [...this.tasks];
    this.own[index] = task;
    this.tasks = this.own;
  }

  /** Keeps how one task passes. */
  keep(index: number, times: InvocationTimes, isCold: boolean, isDuplicate: boolean): void {
    const at = fieldCount * index;
    this.fields[at + field.ranMs] = times.ranMs;
    this.fields[at + field.coldMs] = isCold ? times.coldMs : Number.NaN;
    this.fields[at + field.times] = isDuplicate ? 2 : 1;
    this.endings[index] = times.ending;
  }

  /** What came of a task that is worked on together with the others; null where it is not. */
  resultOf(
    index: number,
    by: { performAll?(tasks: readonly Task[]): ((task: Task) => Result | null) | null },
  ): Result | null {
    if (this.together === undefined) this.together = by.performAll?.(this.tasks) ?? null;
    return this.together === null ? null : this.together(this.tasks[index]!);
  }

  usage(
    index: number,
    bytesDown: number,
    bytesUp: number,
    usdOf: (billedMs: number, isCold: boolean, times: number) => number,
  ): Usage {
    const at = fieldCount * index;
    const coldMs = this.fields[at + field.coldMs]!;
    const coldStart = !Number.isNaN(coldMs);
    const billedMs = billedMsOf(this.fields[at + field.ranMs]!, coldStart ? coldMs : 0);
    const times = this.fields[at + field.times]!;
    return {
      billedMs,
      coldStart,
      bytesDown,
      bytesUp,
      costUsd: usdOf(billedMs, coldStart, times),
    };
  }
}
