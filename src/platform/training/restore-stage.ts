import { lambdaClient, restoreFunctions } from "../../compute/lambda-client.ts";
import { awsFailure } from "../cloud/aws-failures.ts";
import { findDeployment } from "../cloud/deployment.ts";

/**
 * Gives a stage's functions back the concurrency that its kill switch took. Returns their names,
 * each with what is reserved for it. Throws `RunError` for what AWS refuses.
 */
export async function restoreStage(stage: string): Promise<ReadonlyMap<string, number | null>> {
  const deployment = findDeployment(stage);
  const { worker, networkWorker, orchestrator, preparer, predictor, concurrency } = deployment;
  const plain = orchestrator.replace(/:[^:]*$/, "");
  const names = [worker, networkWorker, plain, preparer, predictor];
  const reservations = new Map(
    names.flatMap((name) =>
      name === undefined ? [] : [[name, name === worker ? concurrency : undefined] as const],
    ),
  );
  const client = lambdaClient();
  try {
    await restoreFunctions(reservations, client);
  } catch (thrown) {
    throw awsFailure(thrown, deployment);
  } finally {
    client.destroy();
  }
  return new Map([...reservations].map(([name, reserved]) => [name, reserved ?? null]));
}
