import { invokeLater } from "../compute/invoke-later.ts";
import { RunError } from "../core/errors.ts";
import { resultKey } from "../run/keys.ts";
import type { RunRecord } from "../run/record.ts";
import { readCheckpoint } from "../run/recorder.ts";
import type { RunSpec } from "../run/spec.ts";
import { awsFailure } from "./aws-failures.ts";
import { planWith, settled } from "./plan-run.ts";
import { openStage } from "./stage-home.ts";
import { createRun, type Watchers } from "./start-run.ts";

/**
 * Stages a run's data in a deployed stage and starts its orchestrator there. The run outlives this
 * process. Throws `RunError` where the stage, the account or the data are not as they should be.
 */
export async function startDetached(
  about: { readonly run: string; readonly spec: RunSpec; readonly stage: string },
  watchers: Watchers = {},
): Promise<RunRecord> {
  const { run, stage } = about;
  const { store } = openStage(stage);
  if (about.spec.weather !== null) {
    throw new RunError("weather-on-aws", "weather: AWS makes its own", {
      hint: "leave weather out for a deployed run, or run it locally",
    });
  }
  const name = `aws:${stage}`;
  const spec = await settled(about.spec, (open) => planWith({ spec: open, backend: name }, store));
  const record = await createRun(spec, { name, store }, watchers, run);
  await orchestrateDetached(record, stage);
  return record;
}

/**
 * Starts the orchestrator of a recorded run. The execution is named after the run and the
 * checkpoint it begins at, so that starting twice is starting once.
 */
export async function orchestrateDetached(record: RunRecord, stage: string): Promise<void> {
  const { deployment, store } = openStage(stage);
  const checkpoint = await readCheckpoint<object>(store, record.run);
  await store.remove(resultKey(record.run));
  try {
    await invokeLater(
      deployment.orchestrator,
      { run: record.run },
      `${record.run}-${checkpoint?.sequence ?? 0}`,
    );
  } catch (thrown) {
    throw awsFailure(thrown, deployment);
  }
}
