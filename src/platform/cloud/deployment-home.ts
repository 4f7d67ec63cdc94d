import { removeAll } from "../../ports/remove-all.ts";
import type { Store } from "../../ports/store.ts";
import { s3Store } from "../../storage/s3.ts";
import { awsFailure } from "./aws-failures.ts";
import { type Deployment, findDeployment } from "./deployment.ts";

/** A stage's store; it translates AWS's failures into words. */
export function deploymentStore(deployment: Deployment): Store {
  const inner = s3Store({ bucket: deployment.bucket });
  const withAwsFailures = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (thrown) {
      throw awsFailure(thrown, deployment);
    }
  };
  return {
    read: (key) => withAwsFailures(inner.read(key)),
    write: (key, bytes) => withAwsFailures(inner.write(key, bytes)),
    writeOnce: (key, bytes) => withAwsFailures(inner.writeOnce(key, bytes)),
    list: (prefix) => withAwsFailures(inner.list(prefix)),
    remove: (key) => withAwsFailures(inner.remove(key)),
    removeAll: (keys) => withAwsFailures(removeAll(inner, keys)),
  };
}

/** Opens a deployed stage, to read from it or to start something there. */
export function openDeploymentHome(stage: string): { deployment: Deployment; store: Store } {
  const deployment = findDeployment(stage);
  return { deployment, store: deploymentStore(deployment) };
}
