import { RunError } from "../core/errors.ts";
import type { Encoded } from "../data/manifests.ts";
import { readCheckpoint } from "../journal/checkpoint.ts";
import { readRecord } from "../journal/run-record.ts";
import type { Store } from "../ports/store.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { FormerRun } from "../strategies/definition.ts";
import { readObject } from "../worker/objects.ts";
import { readEncodedManifest } from "../worker/worker-context.ts";
import { checkArithmetic } from "./arithmetic.ts";
import { resumable } from "./state-version.ts";

/** The run that a spec goes on from, at its checkpoint. Throws `RunError` where it cannot. */
export async function readFormerRun(
  store: Store,
  run: string,
  { strategy }: Pick<RunSpec, "strategy">,
): Promise<FormerRun> {
  const record = await readRecord(store, run);
  checkArithmetic(record);
  const checkpoint = resumable(record, await readCheckpoint<object>(store, run));
  const why =
    record.spec.strategy.type !== strategy.type
      ? `its strategy is ${record.spec.strategy.type}`
      : checkpoint === null
        ? "it has no checkpoint"
        : null;
  if (why !== null)
    throw new RunError("bad-combination", `strategy.from: ${run}: ${why}`, {
      hint: `name a run by strategy: ${strategy.type} that stopped before its end`,
    });
  return {
    run,
    spec: record.spec,
    encoded: await readEncodedManifest<Encoded>(store, record.encoded),
    state: checkpoint!.state,
    read: (ref) => readObject(store, ref),
  };
}
