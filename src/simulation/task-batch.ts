import { invocationUsd, prices } from "../limits.ts";
import type { Receiver, Usage } from "../ports/compute.ts";
import type { FaultDecision } from "../weather/fault-decision.ts";

/** How the time of a task ends. */
export const endings = { replied: 0, timedOut: 1, crashed: 2, busy: 3 } as const;

/** `coldMs` is not a number where the start was a warm one. */
const field = { environment: 0, billedMs: 1, coldMs: 2, times: 3 } as const;
const fieldCount = 4;

/**
 * Tasks that were started together and what is to become of each, number by number: objects for
 * every one of ten thousand tasks a round would cost more than all else.
 */
export class SimulatedBatch<Task, Result> {
  readonly tasks: readonly Task[];
  readonly receiver: Receiver<Result>;
  /** Members of `endings`. */
  readonly endings: Uint8Array<ArrayBuffer>;
  /** Of every task `fieldCount` numbers: few arrays, as many cohorts are of one task only. */
  private readonly fields: Float64Array<ArrayBuffer>;

  /** Of the tasks that were worked on together; undefined before anybody asked. */
  private together: ((task: Task) => Result | null) | null | undefined;

  constructor(tasks: readonly Task[], receiver: Receiver<Result>) {
    this.tasks = tasks;
    this.receiver = receiver;
    this.endings = new Uint8Array(tasks.length);
    this.fields = new Float64Array(fieldCount * tasks.length);
  }

  /** Keeps what befalls one task. */
  draw(
    index: number,
    environment: number,
    isCold: boolean,
    fate: FaultDecision,
    workMs: number,
    timeoutMs: number,
  ): void {
    const tookMs = fate.delayMs + (fate.fault === "crash-before" ? 0 : workMs);
    const isTimedOut = fate.fault === "hang" || tookMs > timeoutMs;
    const at = fieldCount * index;
    this.fields[at + field.environment] = environment;
    this.fields[at + field.billedMs] = isTimedOut ? timeoutMs : tookMs;
    this.fields[at + field.coldMs] = isCold ? fate.coldStartMs : Number.NaN;
    this.fields[at + field.times] = fate.duplicate ? 2 : 1;
    if (isTimedOut) this.endings[index] = endings.timedOut;
    else if (fate.fault !== null) this.endings[index] = endings.crashed;
  }

  /** What came of a task that is worked on together with the others; null where it is not. */
  resultOf(
    index: number,
    by: { performAll?(tasks: readonly Task[]): ((task: Task) => Result | null) | null },
  ): Result | null {
    if (this.tasks.length === 1) return null;
    if (this.together === undefined) this.together = by.performAll?.(this.tasks) ?? null;
    return this.together === null ? null : this.together(this.tasks[index]!);
  }

  /** Without the cold start. */
  billedMs(index: number): number {
    return this.fields[fieldCount * index + field.billedMs]!;
  }

  environment(index: number): number {
    return this.fields[fieldCount * index + field.environment]!;
  }

  usage(index: number, bytes: { down: number; up: number }, memoryMb: number): Usage {
    const at = fieldCount * index;
    const coldMs = this.fields[at + field.coldMs]!;
    const coldStart = !Number.isNaN(coldMs);
    const billedMs = Math.ceil(this.billedMs(index) + (coldStart ? coldMs : 0));
    const environment = coldStart ? (memoryMb / 1024) * prices.usdPerTenantEnvironmentGb : 0;
    return {
      billedMs,
      coldStart,
      bytesDown: bytes.down,
      bytesUp: bytes.up,
      costUsd: this.fields[at + field.times]! * invocationUsd(billedMs, memoryMb) + environment,
    };
  }
}
