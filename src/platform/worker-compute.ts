import { lambdaCompute } from "../compute/lambda.ts";
import { type LambdaClient, lambdaClient } from "../compute/lambda-client.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { Compute } from "../ports/compute.ts";
import type { Store } from "../ports/store.ts";
import { problems } from "../problems/registry.ts";
import { type RunSpec, workerMemoryMb } from "../spec/run-spec.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import { offloadingCompute } from "../worker/payload-offload.ts";
import { changingWeightsCompute } from "../worker/weights-down.ts";
import { tellsChanges, workerRequestOf } from "./backend.ts";

/** Names of the worker functions: the ordinary one, and the one whose bundle holds networks. */
export interface WorkerNames {
  readonly worker: string;
  readonly networkWorker?: string;
}

/** The worker function as the compute of one run. */
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
    request: (task) => workerRequestOf(record, task),
    memoryMb: workerMemoryMb(record.spec),
    tellsPrinted: mayTellPrinted(record.spec),
  });
  const offloading = offloadingCompute(compute, store, record.run);
  return tellsChanges(record.spec) ? changingWeightsCompute(offloading) : offloading;
}

/** Nothing that a worker prints may leave it where a run promises privacy, or hides sums. */
export function mayTellPrinted({
  privacy,
  strategy,
}: Pick<RunSpec, "privacy" | "strategy">): boolean {
  const { secureSum } = strategy as { readonly secureSum?: unknown };
  return privacy === undefined && (secureSum === undefined || secureSum === false);
}

/** The ordinary worker computes every problem but those whose code is loaded on demand. */
export function workerFor(
  { problem }: Pick<RunSpec, "problem">,
  { worker, networkWorker = worker }: WorkerNames,
): string {
  return problems.create(problem).load === undefined ? worker : networkWorker;
}
