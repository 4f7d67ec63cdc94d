import { wholeModel } from "../../ports/model-ref.ts";
import { collect } from "../../quorum/collect.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import { initialWaitState } from "../../quorum/wait-policies/policy.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { TrainingStrategy } from "../definition.ts";
import { type BlocksPlan, type BlocksState, replyLength } from "./state.ts";
import { inSinglePrecision } from "./tasks.ts";
import { applyBlocks } from "./update.ts";

/**
 * Block coordinate descent over lifted features: w = S'v, slot i owns the block v_i, and a round
 * adds -alpha S_i' S_i grad F to w for the slots that count. In w that is gradient descent with the
 * preconditioner S_A' S_A: no bias, so it converges to the optimum itself. The blocks v_i are never
 * formed: a step depends on X w and w alone, and every task carries those as they were accepted, so
 * there is nothing that a worker could remember wrongly.
 */
export function encodedBlocks(plan: BlocksPlan): TrainingStrategy<BlocksState> {
  const sent = inSinglePrecision();
  const rounds = collect<BlocksState, WorkerTask, WorkerReply>({
    workers: plan.storedRows.length,
    patienceMs: plan.patienceMs,
    start: () => ({
      round: 0,
      startedMs: 0,
      predictions: new Float64Array(replyLength(plan) - plan.weightsLength),
      weights: new Float64Array(plan.weightsLength),
      finished: plan.roundsMax === 0,
      quorum: openQuorum(0),
      waiting: initialWaitState(plan.wait),
    }),
    request(state) {
      const { round } = state;
      const numbers = sent(state);
      const operation = "block";
      return {
        prefix: `round-${round}/block/`,
        subject: state.predictions,
        task: (id, { slot }) => ({ operation, id, slot, round, ...numbers }),
      };
    },
    rule: ({ waiting }) => waiting.rule,
    validate: (_state, task, reply) => invalidReply(task, reply),
    close: (state, { atMs }) => applyBlocks(plan, state, sent(state).weights, atMs),
    reopen: (state, atMs) => ({ ...state, startedMs: atMs, quorum: openQuorum(atMs) }),
  });
  return {
    ...rounds,
    progress(state) {
      const { round, finished } = state;
      return { round, model: wholeModel(sent(state).weights), finished };
    },
  };
}
