import { hash } from "node:crypto";
import { invokeLater } from "../../compute/lambda-client.ts";
import { RunError } from "../../core/errors.ts";
import type { RunRecord } from "../../journal/run-record.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { resultKey } from "../../store-layout.ts";
import { awsFailure } from "../cloud/aws-failures.ts";
import { openDeploymentHome } from "../cloud/deployment-home.ts";
import { announceStart, withdrawStart } from "../cloud/lease.ts";
import { planWith, resolveAuto } from "./forecast-run.ts";
import { createRun, type Watchers } from "./start-run.ts";

const executionNameMax = 64;

/**
 * Stages a run's data in a deployed stage and starts its orchestrator there. The run outlives this
 * process. Throws `RunError` where the stage, the account or the data are not as they should be.
 */
export async function startRemote(
  about: { readonly run: string; readonly spec: RunSpec; readonly stage: string },
  watchers: Watchers = {},
): Promise<RunRecord> {
  const { run, stage } = about;
  const { store } = openDeploymentHome(stage);
  if (about.spec.weather !== null) {
    throw new RunError("weather-on-aws", "weather: AWS makes its own", {
      hint: "leave weather out for a deployed run, or run it locally",
    });
  }
  const name = `aws:${stage}`;
  const spec = await resolveAuto(about.spec, (open) =>
    planWith({ spec: open, backend: name }, store),
  );
  const record = await createRun(spec, { name, store }, watchers, run);
  await orchestrateRemote(record, stage);
  return record;
}

/**
 * Starts the orchestrator of a recorded run. The execution is named after the run and the last
 * orchestrator there was, so that starting twice is starting once, and one that failed before its
 * first checkpoint does not stand in the way of the next.
 */
export async function orchestrateRemote({ run }: RunRecord, stage: string): Promise<void> {
  const { deployment, store } = openDeploymentHome(stage);
  await store.remove(resultKey(run));
  const epoch = await announceStart(store, run);
  try {
    await invokeLater(deployment.orchestrator, { run }, executionName(run, epoch));
  } catch (thrown) {
    await withdrawStart(store, run, epoch);
    throw awsFailure(thrown, deployment);
  }
}

/** Unique for every start, and no longer than Lambda allows. */
function executionName(run: string, epoch: number): string {
  const name = `${run}-after-${epoch}`;
  if (name.length <= executionNameMax) return name;
  const digest = hash("sha256", name);
  return `${name.slice(0, executionNameMax - 20)}${digest.slice(0, 20)}`;
}
