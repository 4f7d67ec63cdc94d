import { systemClock } from "../../compute/system-clock.ts";
import { RunError } from "../../core/errors.ts";
import { type RunRecord, readRecord } from "../../journal/run-record.ts";
import type { TaskPrices } from "../../journal/task-costs.ts";
import type { Store } from "../../ports/store.ts";
import { checkArithmetic, otherArithmeticCode } from "../../run/arithmetic.ts";
import { segmentOver } from "../../run/interruption.ts";
import { orchestrate } from "../../run/orchestrate.ts";
import { otherStateCode } from "../../run/state-version.ts";
import type { WorkerTask } from "../../tasks/protocol.ts";
import { taskPrices } from "../task-prices.ts";
import { type WorkerNames, workerCompute, workerFor } from "../worker-compute.ts";
import type { SegmentReport } from "./durable-run.ts";
import { supersededCode, takeLease } from "./lease.ts";
import { stageCap } from "./stage-cap.ts";
import { tellSegment } from "./told-segment.ts";

/** Reserved for saving and evaluating before the platform's time-out. */
const marginMs = 30_000;

/** Codes of failures that would repeat if the segment were tried again. */
const finalCodes: readonly string[] = [
  supersededCode,
  otherArithmeticCode,
  otherStateCode,
  "damaged-object",
  "bucket-gone",
];

export interface SegmentOf {
  readonly run: string;
  readonly workers: WorkerNames;
  /** Names the execution: segments of one follow one another, those of two exclude each other. */
  readonly owner: string;
  /** The caller starts the next segment by itself. */
  readonly goesOn: boolean;
  /** What all runs of the stage may spend on a day; absent for no cap. */
  readonly dailyUsd?: number | undefined;
  /** What segments before this one told of the run to others, on its clock; absent for nothing. */
  readonly toldMs?: number | undefined;
  remainingMs(): number;
}

/**
 * Trains one segment of a recorded run over the worker function, for as long as the invocation
 * lasts. Where another orchestrator works on the run or takes it over, or only another kofn can
 * continue it, the segment ends with that reason and is not tried again.
 */
export async function runSegmentFrom(store: Store, how: SegmentOf): Promise<SegmentReport> {
  try {
    const record = await readRecord(store, how.run);
    checkArithmetic(record);
    const lease = await takeLease(store, how.run, how.owner);
    const report = await segmentUnder(lease.store, store, record, how).finally(lease.stop);
    await lease.release(!how.goesOn || report.reason !== segmentOver);
    return report;
  } catch (thrown) {
    if (!(thrown instanceof RunError) || !finalCodes.includes(thrown.code)) throw thrown;
    const { run } = how;
    return { run, stop: thrown.code, reason: thrown.message, rounds: 0, weightsDigest: "" };
  }
}

async function segmentUnder(
  own: Store,
  store: Store,
  record: RunRecord,
  { run, workers, remainingMs, dailyUsd, goesOn, toldMs }: SegmentOf,
): Promise<SegmentReport> {
  const worker = record.functions?.worker ?? workerFor(record.spec, workers);
  const prices = taskPrices(record.spec, record.backend, record.entriesPerSlot);
  const cap = dailyUsd === undefined ? null : stageCap(store, { run, capUsd: dailyUsd });
  const plain = workerCompute(record, worker, store);
  const compute = cap?.compute(plain, taskBounds(prices)) ?? plain;
  const told = await tellSegment(record, store, { toldMs, remainingMs });
  const timeOut = AbortSignal.timeout(Math.max(0, remainingMs() - marginMs));
  try {
    await cap?.begin();
    const ports = {
      store: cap?.store(own) ?? own,
      ...{ clock: systemClock(), compute, prices },
      listen: told.take,
      signal: cap === null ? timeOut : AbortSignal.any([timeOut, cap.signal]),
    };
    const { end, result } = await orchestrate(record, ports);
    const reason = end.stop.kind === "done" ? "finished" : end.stop.reason;
    const { rounds, weightsDigest } = result;
    told.take(result);
    const lastToldMs = await told.close(goesOn && reason === segmentOver);
    const report = { run, stop: end.stop.kind, reason, rounds, weightsDigest };
    return lastToldMs === undefined ? report : { ...report, toldMs: lastToldMs };
  } finally {
    await told.close(true);
    await compute.close();
    await cap?.close();
  }
}

/** The most that a task can cost: by the limit that its worker keeps, else by the time-out. */
export function taskBounds(prices: TaskPrices<WorkerTask> | null): (task: WorkerTask) => number {
  return (task) => prices?.boundUsd(task, task.limitMs ?? prices.limitMsMax) ?? 0;
}
