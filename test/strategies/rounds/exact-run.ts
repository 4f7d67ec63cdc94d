import { randomFrom } from "../../../src/core/random.ts";
import { isAnchorDue } from "../../../src/strategies/rounds/correction.ts";
import type { RoundsState } from "../../../src/strategies/rounds/state.ts";
import { rounds } from "../../../src/strategies/rounds/strategy.ts";
import { quorumOf } from "../../run/by-hand.ts";
import type { Trial } from "../../run/fixtures.ts";

/** Whose replies an ordinary quorum holds: the same slots for ever, or others every time. */
export type Live = "fixed" | "random";

export interface ExactRun {
  readonly state: RoundsState;
  /** The states after every anchor. */
  readonly anchors: readonly RoundsState[];
}

/** Trains over quorums of `count` slots, and over all where a round waits for all. */
export function exactRun(
  { plan, perform }: Trial,
  live: Live,
  count: number,
  disturbed: (state: RoundsState) => RoundsState = (state) => state,
): ExactRun {
  const workers = plan.shares.storedRows.length;
  const random = randomFrom("quorums");
  const some = () => [...random.permutation(workers)].slice(0, count);
  const always = some();
  const strategy = rounds(plan);
  const anchors: RoundsState[] = [];
  let state = strategy.start();
  while (strategy.wanted(state).length > 0) {
    const isAnchor = state.search === null && isAnchorDue(plan, state);
    const everyone = isAnchor && plan.exact!.wait.needed === workers;
    const slots = everyone ? [...Array(workers).keys()] : live === "fixed" ? always : some();
    state = quorumOf(strategy, state, slots, perform);
    if (isAnchor) {
      state = disturbed(state);
      anchors.push(state);
    }
  }
  return { state, anchors };
}
