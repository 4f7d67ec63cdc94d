import { atSlot } from "../core/slot-map.ts";
import type { Arrival, ReplyBatch, Step, Strategy } from "../engine/strategy.ts";
import type { Outcome, Slotted } from "../ports/compute.ts";
import { backupNumberOf } from "../ports/task-names.ts";
import { isDamage } from "../store-damage.ts";
import {
  afterTick,
  giveUpReason,
  isAlone,
  isClosed,
  lossAfter,
  recordReplies,
  recordReply,
  safeCount,
  wakeAtMs,
} from "./quorum.ts";
import {
  type Loss,
  type PendingSlot,
  pendingAt,
  pendingSlots,
  type Quorum,
} from "./quorum-state.ts";
import { type Request, taskCache } from "./task-cache.ts";
import type { WaitRule } from "./wait-policies/policy.ts";

/** What every state has that collects replies. */
export interface Collecting<Reply> {
  readonly finished: boolean;
  readonly quorum: Quorum<Reply>;
}

/** What the replies of a request are for. `cause` is what came last. */
export interface Closing {
  readonly atMs: number;
  readonly cause: "reply" | "lost" | "tick";
}

/** k of n replies to one request after another. All functions are pure. */
export interface Collection<State extends Collecting<Reply>, Task extends Slotted, Reply> {
  readonly workers: number;
  /** Without any reply for so long, the run gives up. */
  readonly patienceMs: number;
  start(): State;
  /** What all slots are asked at the moment. */
  request(state: State): Request<Task>;
  /** Whom the request waits for, with what came of it so far. */
  rule(state: State): WaitRule;
  /** Why a reply is as good as lost; null for a sound one. */
  validate(state: State, task: Task, reply: Reply): string | null;
  /** Why asking again for an invalid reply would be vain, which ends the run; null: it is not. */
  diverged?(state: State, task: Task, reply: Reply, invalid: string): string | null;
  /** These slots' replies would do; all would where it is absent. */
  isDecodable?(state: State, slots: readonly number[]): boolean;
  /** The step that the replies lead to; null where they do not suffice yet. */
  close(state: State, closing: Closing): Step<State, Task> | null;
  /** A step instead of giving up for this reason; null for none. */
  rescue?(state: State, reason: string, atMs: number): Step<State, Task> | null;
  /** What else a lost task changes, which is sent again. */
  afterLoss?(state: State): State;
  /** The state on its way back into a run: its request is made anew. */
  reopen(state: State, atMs: number): State;
}

/**
 * Waits for k of n replies to a request, with retries and back-off, backup tasks, deadlines and
 * patience, takes the step that they lead to, and goes on with the next request. This is the
 * protocol of every strategy that works in rounds.
 */
export function collect<State extends Collecting<Reply>, Task extends Slotted, Reply>(
  of: Collection<State, Task, Reply>,
): Strategy<State, Task, Reply> {
  const { workers, patienceMs } = of;
  const tasks = taskCache<Task>();
  const taskAt = (state: State, pending: PendingSlot) => tasks(of.request(state), pending);
  return {
    start: () => of.start(),
    wanted(state) {
      if (state.finished) return [];
      const request = of.request(state);
      const wanted: Task[] = [];
      const missing = pendingSlots(state.quorum, workers);
      for (let i = 0; i < missing.length; i++) {
        const task = tasks(request, missing[i]!);
        if (task !== null) wanted.push(task);
      }
      return wanted;
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      if (arrival.kind === "reply") return receiveReply(of, taskAt, state, arrival, atMs);
      const rule = of.rule(state);
      const next = { ...state, quorum: afterTick(state.quorum, rule, atMs) };
      return conclude(of, next, rule, { atMs, cause: "tick" }) ?? { state: next };
    },
    batchReplies: (state) => collectInBatches(of, state, (pending) => taskAt(state, pending)),
    resume: (state, atMs) => of.reopen(state, atMs),
    wakeAtMs: (state) =>
      wakeAtMs(state.quorum, of.rule(state), patienceMs, (slots) =>
        of.isDecodable === undefined ? true : of.isDecodable(state, slots),
      ),
  };
}

/** Records one reply; the step that it leads to, or the task that asks again for a lost one. */
function receiveReply<State extends Collecting<Reply>, Task extends Slotted, Reply>(
  of: Collection<State, Task, Reply>,
  taskAt: (state: State, pending: PendingSlot) => Task | null,
  state: State,
  { task, outcome }: Extract<Arrival<Task, Reply>, { kind: "reply" }>,
  atMs: number,
): Step<State, Task> {
  const invalid = outcome.kind === "done" ? of.validate(state, task, outcome.result) : null;
  if (outcome.kind === "done" && invalid !== null) {
    const failed = of.diverged?.(state, task, outcome.result, invalid) ?? null;
    if (failed !== null) return { state, failed };
  }
  const rejected = invalid === null ? {} : { rejected: invalid };
  const counted: Outcome<Reply> = invalid === null ? outcome : { kind: "lost", reason: invalid };
  const quorum = recordReply(state.quorum, task, counted, atMs, of.patienceMs);
  const isLost = counted.kind === "lost";
  const recorded = { ...state, quorum };
  const next = isLost ? (of.afterLoss?.(recorded) ?? recorded) : recorded;
  const step = conclude(of, next, of.rule(next), { atMs, cause: isLost ? "lost" : "reply" });
  if (step !== null && step.failed === undefined) return { ...step, ...rejected };
  const open = { ...(step ?? { state: next }), ...rejected };
  // A sound reply that closes nothing takes its own task off the list and changes no other.
  if (!isLost) return isAlone(quorum, task.slot) ? { ...open, starts: [] } : open;
  if (backupNumberOf(task.id) > 0) return open;
  const again = taskAt(next, pendingAt(quorum, task.slot));
  return { ...open, starts: again === null ? [] : [again] };
}

/** The step of a closed quorum, or the end of one that waited in vain; null while it is open. */
function conclude<State extends Collecting<Reply>, Task extends Slotted, Reply>(
  of: Collection<State, Task, Reply>,
  state: State,
  rule: WaitRule,
  closing: Closing,
): Step<State, Task> | null {
  const { atMs } = closing;
  const step = isClosed(state.quorum, rule, atMs) ? of.close(state, closing) : null;
  if (step !== null) return step;
  const reason = giveUpReason(state.quorum, rule, of.workers, of.patienceMs, atMs);
  if (reason === null) return null;
  return of.rescue?.(state, reason, atMs) ?? { state, failed: reason };
}

/**
 * Records the replies to a request until one may close its quorum; null where the first may.
 * `taskAt` makes the task that asks again for what was lost.
 */
export function collectInBatches<State extends Collecting<Reply>, Task extends Slotted, Reply>(
  of: Collection<State, Task, Reply>,
  state: State,
  taskAt: (pending: PendingSlot) => Task | null,
): ReplyBatch<State, Task, Reply> | null {
  const most = state.finished ? 0 : safeCount(state.quorum, of.rule(state));
  if (most === 0) return null;
  // Numbers side by side: an object each would outlive the replies of others.
  const slots = new Int32Array(most);
  const timesMs = new Float64Array(most);
  const replies = new Array<Reply>(most);
  let count = 0;
  const losses = new Map<number, Loss>();
  let { heardMs } = state.quorum;
  return {
    record(task, outcome, atMs) {
      if (count >= most) return null;
      const { slot } = task;
      if (outcome.kind === "lost") {
        const givesUpMs = heardMs + of.patienceMs;
        if (atMs >= givesUpMs || of.afterLoss !== undefined) return null;
        if (isDamage(outcome.reason)) return null;
        const before = losses.get(slot) ?? atSlot(state.quorum.losses, slot);
        const loss = lossAfter(before, { task, outcome, atMs, givesUpMs });
        losses.set(slot, loss);
        const { count: attempt, retryAtMs: notBeforeMs } = loss;
        const again = taskAt({ slot, copy: 0, attempt, notBeforeMs });
        return again === null ? nothing : [again];
      }
      const { result } = outcome;
      if (of.validate(state, task, result) !== null) return null;
      slots[count] = slot;
      timesMs[count] = atMs;
      replies[count++] = result;
      heardMs = atMs;
      return nothing;
    },
    // Below what is needed no deadline closes anything.
    wakeAtMs: () => heardMs + of.patienceMs,
    state: () => ({
      ...state,
      quorum: recordReplies(state.quorum, { count, slots, timesMs, replies, losses }),
    }),
  };
}

const nothing: readonly never[] = [];
