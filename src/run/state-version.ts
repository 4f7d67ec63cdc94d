import { RunError } from "../core/errors.ts";
import { kofnVersion } from "../core/version.ts";
import type { Checkpoint, StateShape } from "../journal/checkpoint.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { StrategyDefinition } from "../strategies/definition.ts";
import { strategies } from "../strategies/registry.ts";

export const otherStateCode = "other-state";

/** The shape that checkpoints of this run are written in. */
export function stateShape({ spec }: Pick<RunRecord, "spec">): StateShape {
  const { stateVersion } = strategies.create(spec.strategy);
  return {
    strategy: strategies.nameOf(spec.strategy.type),
    version: stateVersion,
    kofn: kofnVersion,
  };
}

/**
 * Returns the checkpoint, its state migrated if an older version wrote it. Throws `RunError` for a
 * state that this kofn cannot continue from: taken as it is, it would lead to other weights in
 * silence.
 */
export function resumable<State extends object>(
  { run, spec }: Pick<RunRecord, "run" | "spec">,
  checkpoint: Checkpoint<State> | null,
  method: Pick<StrategyDefinition, "stateVersion" | "migrate"> = strategies.create(spec.strategy),
): Checkpoint<State> | null {
  if (checkpoint === null) return null;
  // Checkpoints of kofn 0.1.0 name no version.
  const said: Partial<StateShape> = checkpoint;
  const { strategy = spec.strategy.type, version = 1, kofn = "0.1.0" } = said;
  const now = { ...stateShape({ spec }), version: method.stateVersion };
  if (strategies.nameOf(strategy) !== now.strategy) {
    throw new RunError(
      otherStateCode,
      `${run}: its checkpoint is a state of ${strategy}, its record says ${now.strategy}`,
      { hint: "start the run anew: its record or its checkpoint is another run's" },
    );
  }
  if (version === now.version) return { ...checkpoint, ...now };
  const state = version < now.version ? method.migrate?.(checkpoint.state, version) : undefined;
  if (state !== undefined && state !== null)
    return { ...checkpoint, ...now, state: state as State };
  throw new RunError(
    otherStateCode,
    `${run}: its checkpoint is version ${version} of ${strategy}'s states, written by kofn ` +
      `${kofn}; this kofn, ${kofnVersion}, goes on from version ${now.version}`,
    {
      hint:
        version < now.version
          ? `go on with kofn ${kofn}, or start it anew with this one`
          : `go on with kofn ${kofn} or a newer one, or start it anew with this one`,
    },
  );
}
