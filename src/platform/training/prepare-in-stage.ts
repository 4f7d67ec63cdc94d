import { setTimeout as sleep } from "node:timers/promises";
import { invokeLater } from "../../compute/lambda-client.ts";
import { assert, RunError } from "../../core/errors.ts";
import { freshId } from "../../core/fresh-random.ts";
import { type RunFunctions, type RunRecord, readRecord } from "../../journal/run-record.ts";
import type { Store } from "../../ports/store.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { awsFailure } from "../cloud/aws-failures.ts";
import type { Deployment } from "../cloud/deployment.ts";
import { type Preparation, readPreparation } from "../cloud/preparation.ts";
import type { Watchers } from "./create-run.ts";

const askedEveryMs = 1_000;
/** It speaks every two seconds, but not while it computes in one go. */
const silenceMsMax = 300_000;

/**
 * Has a deployed stage read, prepare and encode a spec's data, and waits for the run's record.
 * Throws `RunError` as `createRun` does, with what the stage's function tells.
 */
export async function prepareInStage(
  about: {
    readonly run: string;
    readonly spec: RunSpec;
    readonly backend: string;
    readonly functions?: RunFunctions | undefined;
  },
  { deployment, store }: { readonly deployment: Deployment; readonly store: Store },
  watchers: Watchers = {},
): Promise<RunRecord> {
  const { preparer } = deployment;
  assert(preparer !== undefined, "a stage that reads data has a preparer");
  const { run } = about;
  const request = freshId();
  try {
    await invokeLater(preparer, { request, ...about });
  } catch (thrown) {
    throw awsFailure(thrown, deployment);
  }
  const tell = telling(watchers);
  let told = -1;
  for (let silentMs = 0; silentMs < silenceMsMax; silentMs += askedEveryMs) {
    const word = await readPreparation(store, run);
    const isOver = word !== null && word.end !== null;
    if (isOver && word.request !== request && word.end === "done")
      throw new RunError("run-exists", `a run called ${run} is there already`);
    if (word?.request === request && word.told !== told) {
      tell(word);
      told = word.told;
      silentMs = 0;
      if (word.end === "done") return readRecord(store, run);
      if (word.end !== null) throw refused(word.end);
    }
    await sleep(askedEveryMs, undefined, { signal: watchers.signal });
  }
  throw new RunError(
    "preparer-failed",
    `nothing was heard of ${preparer} for ${silenceMsMax / 60_000} minutes`,
    {
      hint:
        `its log says why: aws logs tail /aws/lambda/${preparer}. What does not fit its memory ` +
        "or disk, your machine prepares where the stage is deployed without KOFN_DATA_BUCKETS",
    },
  );
}

function telling({ onPhase, onNote }: Watchers): (word: Preparation) => void {
  let noted = 0;
  return ({ phase, notes }) => {
    if (phase !== null) onPhase?.(phase.what, phase.done, phase.total);
    for (const note of notes.slice(noted)) onNote?.(note);
    noted = Math.max(noted, notes.length);
  };
}

function refused({ code, message, hint }: Exclude<Preparation["end"], "done" | null>): RunError {
  return new RunError(code, message, hint === undefined ? {} : { hint });
}
