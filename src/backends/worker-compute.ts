import { lambdaCompute } from "../compute/lambda.ts";
import { type LambdaClient, lambdaClient } from "../compute/lambda-client.ts";
import type { Compute } from "../ports/compute.ts";
import type { Store } from "../ports/store.ts";
import { carrying } from "../run/carriage.ts";
import {
  messagesVersion,
  type WorkerReply,
  type WorkerRequest,
  type WorkerTask,
} from "../run/messages.ts";
import type { RunRecord } from "../run/record.ts";

/** The worker function as a place to compute for one run. */
export function workerCompute(
  record: RunRecord,
  functionName: string,
  store: Store,
  client: LambdaClient = lambdaClient(),
): Compute<WorkerTask, WorkerReply> {
  const compute = lambdaCompute<WorkerTask, WorkerReply>({
    functionName,
    client,
    run: record.run,
    request: (task) => requestOf(record, task),
  });
  return carrying(compute, store, record.run);
}

/** What an invocation carries: which data, which problem, and the task. */
export function requestOf(record: RunRecord, task: WorkerTask): WorkerRequest {
  const { run, encoded, spec } = record;
  return { version: messagesVersion, run, encoded, problem: spec.problem, task };
}
