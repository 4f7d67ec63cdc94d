import { type DurableContext, withDurableExecution } from "@aws/durable-execution-sdk-js";
import { awsLambda } from "../../limits.ts";
import { segmentOver } from "../../run/interruption.ts";

/** What one segment of a run came to. */
export interface SegmentReport {
  readonly run: string;
  readonly stop: string;
  readonly reason: string;
  readonly rounds: number;
  readonly weightsDigest: string;
  /** Of a run that is told to others: the last round that was, on the run's clock. */
  readonly toldMs?: number;
}

/** A failed segment starts again from its checkpoint, after longer and longer delays. */
const triesMax = 6;
const retryFirstSeconds = 2;

/**
 * A run as a durable execution: one step is a segment of many rounds, whose state is in the store;
 * between two segments a wait ends the invocation, so that each has the platform's whole time-out.
 * Two durable operations a segment, however many workers and rounds it has.
 */
export function durableRun(
  segment: (
    run: string,
    owner: string,
    remainingMs: () => number,
    toldMs: number | undefined,
  ) => Promise<SegmentReport>,
) {
  return withDurableExecution(async (event: { readonly run: string }, context: DurableContext) => {
    const remainingMs = () => context.lambdaContext.getRemainingTimeInMillis();
    let toldMs: number | undefined;
    for (let number = 1; ; number++) {
      const told = toldMs;
      const report = await context.step(
        `segment-${number}`,
        async () =>
          keepable(
            await segment(
              event.run,
              context.executionContext.durableExecutionArn,
              remainingMs,
              told,
            ),
          ),
        { retryStrategy },
      );
      if (!isCutShort(report)) return report;
      toldMs = report.toldMs;
      await context.wait(`pause-${number}`, { seconds: 1 });
    }
  });
}

/**
 * A report that a step can keep: the platform refuses a larger one, and a segment whose report is
 * refused is trained again. Of a reason that is too long its beginning stays.
 */
function keepable(report: SegmentReport): SegmentReport {
  const bytes = Buffer.byteLength(JSON.stringify(report));
  const excess = bytes - awsLambda.durableResultBytesMax;
  if (excess <= 0) return report;
  const { reason } = report;
  return { ...report, reason: `${reason.slice(0, -(excess + cutBytes))}…` };
}

/** The dots that stand for what was cut, and half a character that is spelled out. */
const cutBytes = 9;

/** Whether the invocation ran out of time; a cancelled run has another reason. */
function isCutShort({ stop, reason }: SegmentReport): boolean {
  return stop === "interrupted" && reason === segmentOver;
}

function retryStrategy(_error: Error, attempt: number) {
  const delay = { seconds: retryFirstSeconds * 2 ** (attempt - 1) };
  return attempt < triesMax ? { shouldRetry: true, delay } : { shouldRetry: false };
}
