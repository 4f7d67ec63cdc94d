import { invocationUsd, prices } from "../limits.ts";
import type { Receiver, Usage } from "../ports/compute.ts";
import type { Fate } from "./weather/fate.ts";

/** How the time of a task ends. */
export const endings = { replied: 0, timedOut: 1, crashed: 2, busy: 3 } as const;

/**
 * Tasks that were started together and what is to become of each, number by number: objects for
 * every one of ten thousand tasks a round would cost more than all else.
 */
export class Cohort<Task, Result> {
  readonly tasks: readonly Task[];
  readonly receiver: Receiver<Result>;
  /** Members of `endings`. */
  readonly endings: Uint8Array<ArrayBuffer>;
  readonly environments: Uint32Array<ArrayBuffer>;
  /** Without the cold start. */
  readonly billedMs: Float64Array<ArrayBuffer>;
  private readonly coldMs: Float64Array<ArrayBuffer>;
  private readonly isCold: Uint8Array<ArrayBuffer>;
  private readonly times: Uint8Array<ArrayBuffer>;

  constructor(tasks: readonly Task[], receiver: Receiver<Result>) {
    const { length } = tasks;
    this.tasks = tasks;
    this.receiver = receiver;
    this.endings = new Uint8Array(length);
    this.environments = new Uint32Array(length);
    this.billedMs = new Float64Array(length);
    this.coldMs = new Float64Array(length);
    this.isCold = new Uint8Array(length);
    this.times = new Uint8Array(length);
  }

  /** Keeps what befalls one task. */
  draw(
    index: number,
    environment: number,
    isCold: boolean,
    fate: Fate,
    workMs: number,
    timeoutMs: number,
  ): void {
    const tookMs = fate.delayMs + (fate.fault === "crash-before" ? 0 : workMs);
    const isTimedOut = fate.fault === "hang" || tookMs > timeoutMs;
    this.environments[index] = environment;
    this.billedMs[index] = isTimedOut ? timeoutMs : tookMs;
    this.coldMs[index] = isCold ? fate.coldStartMs : 0;
    this.isCold[index] = isCold ? 1 : 0;
    this.times[index] = fate.duplicate ? 2 : 1;
    if (isTimedOut) this.endings[index] = endings.timedOut;
    else if (fate.fault !== null) this.endings[index] = endings.crashed;
  }

  usage(index: number, bytes: { down: number; up: number }, memoryMb: number): Usage {
    const billedMs = Math.ceil(this.billedMs[index]! + this.coldMs[index]!);
    const coldStart = this.isCold[index] === 1;
    const environment = coldStart ? (memoryMb / 1024) * prices.usdPerTenantEnvironmentGb : 0;
    return {
      billedMs,
      coldStart,
      bytesDown: bytes.down,
      bytesUp: bytes.up,
      costUsd: this.times[index]! * invocationUsd(billedMs, memoryMb) + environment,
    };
  }
}
