import { hash } from "node:crypto";
import { invokeLater } from "../../compute/lambda-client.ts";
import { RunError } from "../../core/errors.ts";
import { amendRecord, type RunFunctions, type RunRecord } from "../../journal/run-record.ts";
import { publishProblemAssets } from "../../run/ingest.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { resultKey } from "../../store-layout.ts";
import { awsFailure } from "../cloud/aws-failures.ts";
import { readsItself } from "../cloud/data-buckets.ts";
import type { Deployment } from "../cloud/deployment.ts";
import { openDeploymentHome } from "../cloud/deployment-home.ts";
import { announceStart, withdrawStart } from "../cloud/lease.ts";
import { workerFor } from "../worker-compute.ts";
import { createRun, type Watchers } from "./create-run.ts";
import { countEgress, egressInWords } from "./egress.ts";
import { planWith, resolveAuto } from "./forecast-run.ts";
import { prepareInStage } from "./prepare-in-stage.ts";

const executionNameMax = 64;

/**
 * Stages a run's data in a deployed stage and starts its orchestrator there. The run outlives this
 * process. Throws `RunError` where the stage, the account or the data are not as they should be.
 */
export async function startRemote(
  about: { readonly run: string; readonly spec: RunSpec; readonly stage: string },
  watchers: Watchers = {},
): Promise<RunRecord> {
  const { stage } = about;
  const { store, deployment } = openDeploymentHome(stage);
  if (about.spec.weather !== null) {
    throw new RunError("weather-on-aws", "weather: AWS makes its own", {
      hint: "leave weather out for a deployed run, or run it locally",
    });
  }
  const { preparer, dataBuckets } = deployment;
  const isRead = preparer !== undefined && readsItself(about.spec.data, dataBuckets);
  const home = { deployment, store };
  const record = await (isRead ? createThere : createHere)(about, home, watchers);
  await orchestrateRemote(record, stage);
  return record;
}

type About = Parameters<typeof startRemote>[0];
type Home = ReturnType<typeof openDeploymentHome>;

/** The stage reads the data itself: no row passes through this machine. */
async function createThere(
  { run, spec: written, stage }: About,
  home: Home,
  watchers: Watchers,
): Promise<RunRecord> {
  const spec = await publishProblemAssets(written, home.store);
  const functions = functionsOf(home.deployment, spec);
  return prepareInStage({ run, spec, backend: `aws:${stage}`, functions }, home, watchers);
}

async function createHere(
  { run, spec: written, stage }: About,
  { deployment, store }: Home,
  watchers: Watchers,
): Promise<RunRecord> {
  const name = `aws:${stage}`;
  const { onSource, told } = countEgress();
  const spec = await resolveAuto(written, (open) =>
    planWith({ spec: open, backend: name, onSource }, store),
  );
  const backend = { name, store, functions: functionsOf(deployment, spec) };
  const record = await createRun(spec, backend, { ...watchers, onSource }, run);
  const egress = told();
  if (egress !== null) watchers.onNote?.(egressInWords(egress));
  return record;
}

/**
 * Starts the orchestrator of a recorded run, in the version that the run began with: that is why a
 * deployment in its middle changes nothing. The execution is named after the run and the last
 * orchestrator there was, so that starting twice is starting once, and one that failed before its
 * first checkpoint does not stand in the way of the next.
 */
export async function orchestrateRemote(
  { run, functions }: RunRecord,
  stage: string,
): Promise<void> {
  const { deployment, store } = openDeploymentHome(stage);
  const orchestrator = functions?.orchestrator ?? deployment.orchestrator;
  await store.remove(resultKey(run));
  const epoch = await announceStart(store, run);
  try {
    await invokeLater(orchestrator, { run }, executionName(run, epoch));
  } catch (thrown) {
    await withdrawStart(store, run, epoch);
    const isGone = (thrown as { name?: string }).name === "ResourceNotFoundException";
    if (!isGone || orchestrator === deployment.orchestrator) throw awsFailure(thrown, deployment);
    throw new RunError(
      "version-gone",
      `${run} began with ${orchestrator}, and that version is not there any more`,
      {
        hint: `kofn resume ${run} --stage ${stage} --newest goes on with what is deployed now`,
        cause: thrown,
      },
    );
  }
}

/** The same record over the functions that are deployed now. */
export async function adoptDeployed(record: RunRecord, stage: string): Promise<RunRecord> {
  const { deployment, store } = openDeploymentHome(stage);
  const { functions: _before, ...rest } = record;
  const functions = functionsOf(deployment, record.spec);
  const adopted = functions === undefined ? rest : { ...rest, functions };
  await amendRecord(store, adopted);
  return adopted;
}

/** The names of a program's own members that the functions of a deployed stage register. */
export function membersOf(stage: string): readonly string[] {
  return openDeploymentHome(stage).deployment.members ?? [];
}

/** What a run of this spec begins with; undefined where the deployment published no versions. */
function functionsOf(
  deployment: Deployment,
  spec: Pick<RunSpec, "problem">,
): RunFunctions | undefined {
  const { orchestrator, worker, workerVersion, networkWorker, networkWorkerVersion } = deployment;
  if (workerVersion === undefined) return undefined;
  const names = {
    worker: `${worker}:${workerVersion}`,
    ...(networkWorker === undefined
      ? {}
      : { networkWorker: `${networkWorker}:${networkWorkerVersion ?? "$LATEST"}` }),
  };
  return { orchestrator, worker: workerFor(spec, names) };
}

/** Unique for every start, and no longer than Lambda allows. */
function executionName(run: string, epoch: number): string {
  const name = `${run}-after-${epoch}`;
  if (name.length <= executionNameMax) return name;
  const digest = hash("sha256", name);
  return `${name.slice(0, executionNameMax - 20)}${digest.slice(0, 20)}`;
}
