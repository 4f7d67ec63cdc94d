import { RunError } from "../../core/errors.ts";
import { readCheckpoint } from "../../journal/checkpoint.ts";
import { amendRecord, type RunRecord } from "../../journal/run-record.ts";
import type { Store } from "../../ports/store.ts";
import { checkArithmetic } from "../../run/arithmetic.ts";
import { resolveSpec } from "../../run/resolve-spec.ts";
import { resumable } from "../../run/state-version.ts";
import { type Override, withOverrides } from "../../spec/overrides.ts";
import { checkSpec } from "./check-spec.ts";

const changeable = ["stop", "wait"];
/** The one option of a member that may change: what the optimizer remembers goes on. */
const learningRate = "optimizer.learningRate";

/**
 * Changes a run's settings between two segments: budgets, wait policy, learning rate. Keeps the
 * former values with the checkpoint's number, for replays. Throws `RunError` for a run of another
 * arithmetic, and for a checkpoint that this kofn cannot continue from.
 */
export async function changeSettings(
  store: Store,
  record: RunRecord,
  settings: readonly Override[],
): Promise<RunRecord> {
  checkArithmetic(record);
  const checkpoint = resumable(record, await readCheckpoint<object>(store, record.run));
  checkChangeable(settings);
  if (settings.length === 0) return record;
  const { weather, ...before } = record.spec;
  const current = { ...before, ...(weather === null ? {} : { weather }) };
  const spec = checkSpec(resolveSpec(withOverrides(current, settings)));
  if (spec.auto !== undefined) {
    throw new RunError("fixed-setting", `--set wait: auto is for a run's beginning`, {
      hint: "say whom to wait for: all, { fastest: 12 } or { deadline: 800ms, atLeast: 9 }",
    });
  }
  const sequence = checkpoint?.sequence ?? 0;
  const { wait, stop, optimizer } = record.spec;
  const rate = JSON.stringify(optimizer) === JSON.stringify(spec.optimizer) ? {} : { optimizer };
  const earlier = [...(record.earlier ?? []), { upTo: sequence, wait, stop, ...rate }];
  const amended: RunRecord = { ...record, spec, earlier };
  await amendRecord(store, amended);
  return amended;
}

/** Throws `RunError` for a setting that cannot change during a run. */
export function checkChangeable(settings: readonly Override[]): void {
  for (const { path } of settings) {
    if (changeable.includes(path[0]!) || path.join(".") === learningRate) continue;
    throw new RunError("fixed-setting", `--set ${path.join(".")}: a run keeps what it began with`, {
      hint: `only stop.*, wait and ${learningRate} may change on resume; start another run`,
    });
  }
}
