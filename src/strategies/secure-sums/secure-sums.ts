import { atSlot, slotMapOf, slotNumbers } from "../../core/slot-map.ts";
import type { Arrival, Step, Strategy } from "../../engine/strategy.ts";
import type { Outcome } from "../../ports/compute.ts";
import { type Committee, masksOf, type Words } from "../../privacy/mechanisms/secure-sum.ts";
import { type Collecting, type Collection, collect } from "../../quorum/collect.ts";
import { giveUpReason, recordReply, respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum, pendingSlots, type Quorum } from "../../quorum/quorum-state.ts";
import type { WaitRule } from "../../quorum/wait-policies/policy.ts";
import { type MaskSumTask, pairsOf, setAsWritten } from "../../tasks/mask-sum.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import { wordsOfBytes } from "../../tasks/secure-terms.ts";
import { keysRequest, maskTask } from "./requests.ts";
import type { SecureSums } from "./state.ts";

interface Summing extends Collecting<WorkerReply> {
  readonly secure?: SecureSums;
}

/** A collection whose replies hide their numbers, and what becomes of the sum of these. */
export interface SecureCollection<State extends Summing> {
  /** Its `close` is not asked: `open` is, once the masks are there. */
  readonly collection: Collection<State, WorkerTask, WorkerReply>;
  readonly committee: Committee;
  /** How many numbers a sum is. */
  readonly length: number;
  /** Names the state's sum. */
  roundOf(state: State): number;
  /** The round that a slot's numbers are of. */
  turnOf(state: State, slot: number): number;
  /**
   * The step that the sum leads to; the state's quorum holds the replies that are in it. Replies of
   * others that came meanwhile are handed on where `keepsLate`: they count in the next sum.
   */
  open(state: State, masks: Words, atMs: number): Step<State, WorkerTask>;
  readonly keepsLate: boolean;
}

/**
 * As `collect`, over replies that hide their numbers: before the first round the committee's
 * members, the first slots, are asked for their public keys, and once a round's quorum is there,
 * for what the masks of those in it add up to. Any `needed` members suffice. Slots that are late
 * stay asked meanwhile.
 */
export function collectSecurely<State extends Summing>(
  of: SecureCollection<State>,
): Strategy<State, WorkerTask, WorkerReply> {
  const slots = collect(withKeys(of));
  const openingOf = (state: State) => (state.finished ? null : (state.secure?.opening ?? null));
  return {
    ...slots,
    wanted(state) {
      const opening = openingOf(state);
      if (opening === null) return slots.wanted(state);
      const members = pendingSlots(opening.quorum, of.committee.size);
      const request = {
        committee: of.committee,
        round: of.roundOf(state),
        length: of.length,
        from: opening.from,
        turnOf: (slot: number) => of.turnOf(state, slot),
        replies: state.quorum.replies,
        isFixed: state.secure!.fixedSlots !== null,
      };
      return [...slots.wanted(state), ...members.map((one) => maskTask(request, one))];
    },
    receive(state, arrival, atMs) {
      if (openingOf(state) === null) return slots.receive(state, arrival, atMs);
      if (arrival.kind === "tick") return withGiveUp(of, state, atMs);
      if (arrival.task.operation === "mask-sum") return receiveMasks(of, state, arrival, atMs);
      return receiveLate(of, state, arrival, atMs);
    },
    batchReplies: (state) => (openingOf(state) === null ? slots.batchReplies!(state) : null),
    wakeAtMs(state) {
      const opening = openingOf(state);
      if (opening === null) return slots.wakeAtMs!(state);
      return opening.quorum.heardMs + of.collection.patienceMs;
    },
  };
}

/** The same collection, with a request for keys before its first; at its close a sum opens. */
function withKeys<State extends Summing>(
  of: SecureCollection<State>,
): Collection<State, WorkerTask, WorkerReply> {
  const { collection, committee } = of;
  const all = ruleFor(committee.size);
  const isKeyed = ({ secure }: State) => secure!.keys !== null;
  const isFixed = ({ secure }: State, slots: readonly number[]) =>
    (secure!.fixedSlots ?? []).every((slot) => slots.includes(slot));
  return {
    ...collection,
    request: (state) => (isKeyed(state) ? collection.request(state) : keysRequest(committee.size)),
    rule: (state) => (isKeyed(state) ? collection.rule(state) : all),
    validate: (state, task, reply) =>
      task.operation === "committee-key"
        ? invalidReply(task, reply)
        : collection.validate(state, task, reply),
    isDecodable: isFixed,
    afterLoss: (state) => (isKeyed(state) ? (collection.afterLoss?.(state) ?? state) : state),
    close(state, { atMs, cause }) {
      const { secure, quorum } = state;
      if (secure!.keys === null) return { state: keyed(state, committee, atMs) };
      const from = secure!.fixedSlots ?? respondedSlots(quorum);
      if (cause === "lost" || !isFixed(state, respondedSlots(quorum))) return null;
      return { state: opened(state, { from, quorum: openQuorum(atMs) }) };
    },
    reopen(state, atMs) {
      const { secure, ...again } = collection.reopen(state, atMs);
      const { keys } = secure!;
      return { ...again, secure: { keys, opening: null, fixedSlots: null } } as State;
    },
  };
}

function keyed<State extends Summing>(state: State, { size }: Committee, atMs: number): State {
  const keys = Array.from({ length: size }, (_, slot) => {
    return atSlot(state.quorum.replies, slot)!.payload!;
  });
  const secure: SecureSums = { ...state.secure!, keys: new Uint8Array(Buffer.concat(keys)) };
  return { ...state, secure, quorum: openQuorum(atMs) };
}

function opened<State extends Summing>(state: State, opening: SecureSums["opening"]): State {
  return { ...state, secure: { ...state.secure!, opening } };
}

type Reply<Task> = Extract<Arrival<Task, WorkerReply>, { kind: "reply" }>;

/** A late slot's reply: it is in no sum yet. */
function receiveLate<State extends Summing>(
  { collection }: SecureCollection<State>,
  state: State,
  { task, outcome }: Reply<WorkerTask>,
  atMs: number,
): Step<State, WorkerTask> {
  const { counted, rejected } = validated(task, outcome);
  const quorum = recordReply(state.quorum, task, counted, atMs, collection.patienceMs);
  return { state: { ...state, quorum }, ...rejected };
}

function receiveMasks<State extends Summing>(
  of: SecureCollection<State>,
  state: State,
  { task, outcome }: Reply<WorkerTask>,
  atMs: number,
): Step<State, WorkerTask> {
  const { committee, collection, length } = of;
  const opening = state.secure!.opening!;
  const { counted, rejected } = validated(task, outcome);
  const other =
    counted.kind === "done" ? setAsWritten(counted.result, (task as MaskSumTask).parties) : null;
  if (other !== null) return withFixedSlots(state, pairsOf(other), atMs);
  const quorum = recordReply(opening.quorum, task, counted, atMs, collection.patienceMs);
  const next = opened(state, { ...opening, quorum });
  if (quorum.replies.count < committee.needed)
    return { ...withGiveUp(of, next, atMs), ...rejected };
  const parts = slotNumbers(quorum.replies).map(
    (member) => [member, wordsOfBytes(atSlot(quorum.replies, member)!.payload!)] as const,
  );
  const masks = masksOf(committee, new Map(parts), length);
  const inSum = { ...next, quorum: restricted(next.quorum, opening.from) };
  const secure: SecureSums = { ...next.secure!, opening: null, fixedSlots: null };
  const step = of.open({ ...inSum, secure }, masks, atMs);
  if (!of.keepsLate || step.state.finished) return step;
  const isSame = (slot: number) => of.turnOf(step.state, slot) === of.turnOf(next, slot);
  const late = slotNumbers(next.quorum.replies).filter((slot) => !opening.from.includes(slot));
  return { ...step, state: withLate(step.state, next.quorum, late.filter(isSame), atMs) };
}

/** Another set was written down first: its sum it is, as soon as all of its slots have replied. */
function withFixedSlots<State extends Summing>(
  state: State,
  pairs: readonly (readonly [number, number])[],
  atMs: number,
): Step<State, WorkerTask> {
  // These are the very slots already, and what they are asked differs from what they were.
  if (state.secure!.fixedSlots !== null)
    return { state, failed: "the sum that this run began to open is of other rounds: start anew" };
  const fixedSlots = pairs.map(([slot]) => slot).sort((a, b) => a - b);
  const isThere = fixedSlots.every((slot) => atSlot(state.quorum.replies, slot) !== undefined);
  const opening = isThere ? { from: fixedSlots, quorum: openQuorum<WorkerReply>(atMs) } : null;
  return { state: { ...state, secure: { ...state.secure!, opening, fixedSlots } } };
}

function validated(task: WorkerTask, outcome: Outcome<WorkerReply>) {
  const invalid = outcome.kind === "done" ? invalidReply(task, outcome.result) : null;
  const lost = (reason: string): Outcome<WorkerReply> => ({ kind: "lost", reason });
  if (invalid === null) return { counted: outcome, rejected: {} };
  return { counted: lost(invalid), rejected: { rejected: invalid } };
}

function withGiveUp<State extends Summing>(
  { committee, collection }: SecureCollection<State>,
  state: State,
  atMs: number,
): Step<State, WorkerTask> {
  const { quorum } = state.secure!.opening!;
  const rule = ruleFor(committee.needed);
  const reason = giveUpReason(quorum, rule, committee.size, collection.patienceMs, atMs);
  return reason === null
    ? { state }
    : { state, failed: `the committee of a secure sum: ${reason}` };
}

function ruleFor(count: number): WaitRule {
  return { needed: count, enough: count, deadlineMs: Number.POSITIVE_INFINITY };
}

/** The quorum without the replies of others than these. */
function restricted<Reply>(quorum: Quorum<Reply>, from: readonly number[]): Quorum<Reply> {
  const pairs = from.map((slot) => [slot, atSlot(quorum.replies, slot)!] as const);
  return { ...quorum, replies: slotMapOf(pairs) };
}

/** The next sum's quorum, with what came too late for this one. */
function withLate<State extends Summing>(
  state: State,
  before: Quorum<WorkerReply>,
  late: readonly number[],
  atMs: number,
): State {
  if (late.length === 0) return state;
  const replies = slotMapOf(late.map((slot) => [slot, atSlot(before.replies, slot)!] as const));
  const arrivals = slotMapOf(late.map((slot, order) => [order, { slot, atMs }] as const));
  return { ...state, quorum: { ...state.quorum, replies, arrivals } };
}
