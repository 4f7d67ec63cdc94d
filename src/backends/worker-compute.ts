import { lambdaCompute } from "../compute/lambda.ts";
import { type LambdaClient, lambdaClient } from "../compute/lambda-client.ts";
import type { Compute } from "../ports/compute.ts";
import type { Store } from "../ports/store.ts";
import { problems } from "../problems/registry.ts";
import { carrying } from "../run/carriage.ts";
import {
  messagesVersion,
  type WorkerReply,
  type WorkerRequest,
  type WorkerTask,
} from "../run/messages.ts";
import type { RunRecord } from "../run/record.ts";
import type { RunSpec } from "../run/spec.ts";

/** The functions that compute: the worker, and the one whose bundle holds networks. */
export interface WorkerNames {
  readonly worker: string;
  readonly networkWorker?: string;
}

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

/** The ordinary worker has everything but what is loaded for one problem alone. */
export function workerFor(
  { problem }: Pick<RunSpec, "problem">,
  { worker, networkWorker = worker }: WorkerNames,
): string {
  return problems.create(problem).ready === undefined ? worker : networkWorker;
}

/** What an invocation carries: which data, which problem, and the task. */
export function requestOf(record: RunRecord, task: WorkerTask): WorkerRequest {
  const { run, encoded, spec } = record;
  return { version: messagesVersion, run, encoded, problem: spec.problem, task };
}
