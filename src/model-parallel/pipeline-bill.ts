import { bounds, computeUsd, functions, gbSeconds, prices } from "../limits.ts";
import type { StageFigures } from "./cost-model.ts";
import type { StageTable } from "./partition.ts";
import type { PipelineModel, PipelineSetting } from "./pipeline-setting.ts";

/** One microbatch on one stage. */
export interface TaskTimes {
  /** 0 where nothing is sent on: the backward task does the whole stage. */
  readonly forwardMs: number;
  readonly backwardMs: number;
  readonly tasks: number;
  /** Objects of the store. */
  readonly reads: number;
  readonly writes: number;
  readonly bytes: number;
}

/** Base64 in an invocation; the bytes then wait for no object. */
export function isInline(bytes: number): boolean {
  return (bytes * 4) / 3 <= bounds.inlineBytesMax;
}

/** What one microbatch takes on each stage, transfers in it. */
export function taskTimes(
  { recompute, rates }: Pick<PipelineModel, "recompute" | "rates">,
  rows: readonly StageFigures[],
): readonly TaskTimes[] {
  const moving = (bytes: number) =>
    bytes / rates.bytesPerMs + (isInline(bytes) ? 0 : rates.objectMs);
  return rows.map((row) => {
    const arriving = row.importBytes + row.inputBytes;
    const sendsOn = row.exportBytes > 0;
    // A stage that sends nothing on does all its work in its backward task.
    const readsAgain = !sendsOn || recompute;
    const forward = sendsOn ? { in: [arriving], out: [row.exportBytes] } : { in: [], out: [] };
    const backward = {
      in: [readsAgain ? arriving : 0, row.exportBytes],
      // Slopes of what it read, and of its weights.
      out: [row.importBytes, row.trainableBytes],
    };
    const ms = (list: readonly number[]) => list.reduce((sum, bytes) => sum + moving(bytes), 0);
    const large = (list: readonly number[]) => list.filter((bytes) => !isInline(bytes)).length;
    const again = sendsOn || recompute ? 0 : row.forwardMs;
    return {
      forwardMs: sendsOn ? row.forwardMs + ms(forward.in) + ms(forward.out) : 0,
      backwardMs: row.backwardMs + again + ms(backward.in) + ms(backward.out),
      tasks: sendsOn ? 2 : 1,
      reads: large(forward.in) + large(backward.in),
      writes: large(forward.out) + large(backward.out),
      bytes: [...forward.in, ...forward.out, ...backward.in, ...backward.out].reduce(
        (a, b) => a + b,
        0,
      ),
    };
  });
}

/**
 * After the last backward task: who updates a stage's weights reads their slopes of every
 * microbatch, the weights and what the optimizer keeps, and writes the latter two anew. Then each
 * replica's stage reads the new weights.
 */
export function updateCosts(
  { rates, optimizerSlots }: PipelineModel,
  { microbatches, replicas }: PipelineSetting,
  table: StageTable,
) {
  const slopes = microbatches * replicas;
  const copies = slopes + 2 + 2 * optimizerSlots;
  const moving = (bytes: number, times: number, objects: number) =>
    bytes === 0 ? 0 : (times * bytes) / rates.bytesPerMs + objects * rates.objectMs;
  const times = table.rows.map(({ trainableBytes }) => moving(trainableBytes, copies, slopes + 4));
  const reads = table.rows.map(({ trainableBytes }) => moving(trainableBytes, 1, 1));
  const both = times.map((ms, i) => ms + reads[i]!);
  const bytes = table.rows.reduce((sum, row) => sum + (copies + replicas) * row.trainableBytes, 0);
  const billedMs = times.map((ms, i) => ms + replicas * reads[i]!).reduce((a, b) => a + b, 0);
  return { ms: Math.max(...both) + rates.invokeMs, billedMs, bytes };
}

/** Dollars of a step: what computes is paid for as long as it computes, and no longer. */
export function billOf(
  { rates }: PipelineModel,
  { microbatches, replicas, memoryMb }: PipelineSetting,
  work: readonly TaskTimes[],
  { makespanMs, updateMs }: { makespanMs: number; updateMs: number },
) {
  const tasks = work.reduce((sum, one) => sum + one.tasks, 0) * microbatches * replicas;
  const invocations = tasks + work.length;
  const ms = work.reduce((sum, { forwardMs, backwardMs }) => sum + forwardMs + backwardMs, 0);
  const computingMs = ms * microbatches * replicas + updateMs;
  const requests = invocations * prices.usdPerRequest;
  const perMs = computeUsd(gbSeconds(1, memoryMb), functions.worker.architecture);
  const objects = work.reduce(
    (sum, { reads, writes }) => sum + reads * prices.s3.usdPerGet + writes * prices.s3.usdPerPut,
    0,
  );
  const read = microbatches * replicas + 2 + replicas;
  const updates = work.length * (read * prices.s3.usdPerGet + 2 * prices.s3.usdPerPut);
  const others =
    requests +
    objects * microbatches * replicas +
    updates +
    computeUsd(
      gbSeconds(makespanMs, rates.orchestratorMemoryMb),
      functions.orchestrator.architecture,
    );
  return {
    invocations,
    dollarsPerStep: computingMs * perMs + others,
    residentDollarsPerStep: makespanMs * work.length * replicas * perMs + others,
  };
}
