import type { Arrival } from "../../engine/strategy.ts";
import { isFiniteVector } from "../../math/vector.ts";
import {
  afterTick,
  giveUpReason,
  isAlone,
  isClosed,
  openQuorum,
  pendingSlots,
  type Quorum,
  recordReply,
  wakeAtMs,
} from "../../quorum/quorum.ts";
import { initialWaitState } from "../../quorum/wait-policies/waiting.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import type { TrainingStrategy } from "../definition.ts";
import { type BlocksPlan, type BlocksState, replyLength } from "./state.ts";
import { blockTaskCache } from "./tasks.ts";
import { applyBlocks } from "./update.ts";

/**
 * Block coordinate descent over lifted features: w = S'v, slot i owns the block v_i, and a round
 * adds -alpha S_i' S_i grad F to w for the slots that count. In w that is gradient descent with the
 * preconditioner S_A' S_A: no bias, so it converges to the optimum itself. The blocks v_i are never
 * formed: a step depends on X w and w alone, and every task carries those as they were accepted, so
 * there is nothing that a worker could remember wrongly.
 */
export function encodedBlocks(plan: BlocksPlan): TrainingStrategy<BlocksState> {
  const workers = plan.storedRows.length;
  const sent = blockTaskCache();
  return {
    start: () => ({
      round: 0,
      startedMs: 0,
      predictions: new Float64Array(replyLength(plan) - plan.weightsLength),
      weights: new Float64Array(plan.weightsLength),
      firstNorm: 0,
      finished: plan.roundsMax === 0,
      quorum: openQuorum(0),
      waiting: initialWaitState(plan.wait),
    }),
    progress(state) {
      const { round, finished } = state;
      return { round, weights: sent(state).weights, finished };
    },
    wanted(state) {
      if (state.finished) return [];
      const { task } = sent(state);
      return pendingSlots(state.quorum, workers).map(task);
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      const { rule } = state.waiting;
      const damage = arrival.kind === "reply" ? damageOf(plan, arrival) : null;
      const refused = damage === null ? {} : { refused: damage };
      const quorum = told(plan, state, arrival, damage, atMs);
      const heard = { ...state, quorum };
      if (isClosed(quorum, rule, atMs))
        return { ...applyBlocks(plan, heard, sent(state).weights, atMs), ...refused };
      const stuck = giveUpReason(quorum, rule, workers, plan.patienceMs, atMs);
      // A sound reply that closes nothing takes its own task off the list and changes no other.
      const isSound = arrival.kind === "reply" && arrival.outcome.kind === "done" && !damage;
      const settled = isSound && isAlone(quorum, arrival.task.slot);
      return { state: heard, ...refused, settled, ...(stuck === null ? {} : { stuck }) };
    },
    resume: (state, atMs) => ({ ...state, startedMs: atMs, quorum: openQuorum(atMs) }),
    wakeAtMs: ({ quorum, waiting }) => wakeAtMs(quorum, waiting.rule, plan.patienceMs, () => true),
  };
}

function told(
  { patienceMs }: BlocksPlan,
  { quorum, waiting }: BlocksState,
  arrival: Arrival<WorkerTask, WorkerReply>,
  damage: string | null,
  atMs: number,
): Quorum<WorkerReply> {
  if (arrival.kind === "tick") return afterTick(quorum, waiting.rule, atMs);
  const { task, outcome } = arrival;
  const counted = damage === null ? outcome : ({ kind: "lost", reason: damage } as const);
  return recordReply(quorum, task, counted, atMs, patienceMs);
}

/** Why a reply is as good as lost: the wrong length, or numbers that are none. Null for sound. */
function damageOf(
  plan: BlocksPlan,
  { outcome }: Extract<Arrival<WorkerTask, WorkerReply>, { kind: "reply" }>,
): string | null {
  if (outcome.kind === "lost") return null;
  const { loss, values } = outcome.result;
  const length = replyLength(plan);
  if (values.length !== length) return `its reply has ${values.length} numbers, not ${length}`;
  const isSound = Number.isFinite(loss) && isFiniteVector(values);
  return isSound ? null : "its reply holds numbers that are none";
}
