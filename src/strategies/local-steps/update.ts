import { decompress, plainNumbers } from "../../compression/payload.ts";
import { atSlot, slotMapOf, slotNumbers, withSlots } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { addScaled, norm } from "../../math/vector.ts";
import type { RunEvent } from "../../ports/events.ts";
import { addWords, unmasked, type Words } from "../../privacy/mechanisms/secure-sum.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import { observeQuorum, type WaitRule } from "../../quorum/wait-policies/policy.ts";
import { fixedPointStep } from "../../tasks/secure-local-steps.ts";
import { wordsOfBytes } from "../../tasks/secure-terms.ts";
import { endRound, slopeOf } from "./end-round.ts";
import { movedByParts, slicedUpdate } from "./sliced-update.ts";
import {
  type Epoch,
  emptyEpoch,
  type LocalStepsPlan,
  type LocalStepsState,
  type VersionedModel,
  type WorkerTurn,
  withTraffic,
} from "./state.ts";
import { bitsOfDownloads, weightsToTell } from "./weights-down.ts";

/** What the quorum's changes, and losses told in sum alone, add up to, each by its part. */
interface Sums {
  readonly change: Float64Array<ArrayBuffer>;
  readonly loss: number;
}

/** The same of masked replies. */
export function sumUnderMasks({ quorum }: LocalStepsState, masks: Words): Sums {
  const total = new Uint32Array(masks.length);
  for (const slot of respondedSlots(quorum)) {
    const { payload } = atSlot(quorum.replies, slot)!;
    addWords(total, wordsOfBytes(payload!.subarray(0, masks.byteLength)));
  }
  const numbers = unmasked(total, masks).map((steps) => steps * fixedPointStep);
  return { change: numbers.slice(0, -1), loss: numbers.at(-1)! };
}

/** A quorum is there: its changes are applied, and those who sent them go on from the new model. */
export function applyUpdates(
  plan: LocalStepsPlan,
  state: LocalStepsState,
  rule: WaitRule,
  atMs: number,
  sums: Sums | null = null,
): Step<LocalStepsState> {
  const { moved, known, size, tables } = updateOf(plan, state, sums);
  const version = state.version + 1;
  const pass = heard(plan, state, sums?.loss ?? 0);
  const newest = { version, weights: weightsToTell(plan, state, moved.ahead ?? moved.weights) };
  const slots = [...respondedSlots(state.quorum), ...abandoned(plan, state, version)];
  const download = { bitsDown: bitsOfDownloads(plan, state, slots, newest.weights), bitsUp: 0 };
  const next: LocalStepsState = {
    ...state,
    version,
    known,
    ...moved,
    ...goingOn(plan, state, newest, atMs),
    forgotten: state.forgotten + lossesOf(state).length,
    pass,
  };
  const events: RunEvent[] = lossesOf(state).map((slot) => forgotWarning(state, slot, atMs));
  const lesson = plan.asynchronous ? null : feedbackOf(plan, state, rule, atMs);
  if (lesson !== null) events.push(...lesson.events);
  const waiting = lesson?.waiting ?? state.waiting;
  const isWhole = !plan.asynchronous || version % plan.parts.length === 0;
  if (!isWhole) {
    const open = { ...pass, traffic: withTraffic(pass.traffic, download) };
    return { state: { ...next, waiting, pass: open }, events };
  }
  const told = { slope: slopeOf(plan, state, size), size, tables };
  const step = endRound(plan, { ...next, waiting }, state.weights, told, atMs, events);
  if (step.state.finished) return step;
  return { ...step, state: { ...step.state, pass: { ...emptyEpoch, traffic: download } } };
}

/** What the changes of a quorum come to. */
function updateOf(plan: LocalStepsPlan, state: LocalStepsState, sums: Sums | null) {
  if ((plan.gradients ?? null) !== null) {
    const update = slicedUpdate(plan, state);
    const moved = movedByParts(plan, state, update);
    return { moved, known: null, size: update.norm, tables: update.tables };
  }
  const change = sums?.change ?? changeOf(plan, state);
  const known = state.known === null ? null : addScaled(state.known.slice(), 1, change);
  const moved = movedBy(plan, state, known ?? change);
  return { moved, known, size: norm(known ?? change), tables: [] };
}

/**
 * The sum of the changes, each by its slot's part of all rows: over R where those are equal, and
 * not over how many there are. Who is missing counts when it comes.
 */
function changeOf(plan: LocalStepsPlan, { quorum }: LocalStepsState) {
  const sum = new Float64Array(plan.weightsLength);
  for (const slot of respondedSlots(quorum)) {
    const payload = atSlot(quorum.replies, slot)!.payload!;
    const change = plainNumbers(payload, sum.length) ?? decompress(payload, sum.length);
    addScaled(sum, plan.parts[slot]!, change);
  }
  return sum;
}

function movedBy(
  { outer, problem }: LocalStepsPlan,
  { weights, ahead, outer: memory, version }: LocalStepsState,
  change: Float64Array<ArrayBuffer>,
): Pick<LocalStepsState, "weights" | "ahead" | "outer"> {
  if (outer === null)
    return { weights: addScaled(weights.slice(), -1, change), ahead: null, outer: memory };
  const here = Float32Array.from(weights);
  const moved = outer.move(memory, {
    weights: here,
    asked: ahead === null ? here : Float32Array.from(ahead),
    gradient: change,
    stepSize: outer.stepSize({ smoothness: 1, share: 1, round: version }),
    tensors: problem.parameters,
    shrink: (point) => point,
  });
  // What single precision leaves out of where it stood must not be lost at every update.
  const next = moved.weights.map((value, j) => value + (weights[j]! - here[j]!));
  return { weights: next, ahead: moved.ask, outer: moved.memory };
}

/** Who replied, and who is too far behind, goes on from the new model. */
function goingOn(
  plan: LocalStepsPlan,
  state: LocalStepsState,
  newest: VersionedModel,
  atMs: number,
): Pick<LocalStepsState, "models" | "turns" | "quorum"> {
  const { quorum } = state;
  const { version } = newest;
  const responded = respondedSlots(quorum);
  const old = abandoned(plan, state, version);
  // Few versions are under way: slots that were at one go on by one turn.
  const next = new Map<number, WorkerTurn>();
  const after = (memory: number): WorkerTurn => {
    const turn = next.get(memory) ?? { version, memory };
    next.set(memory, turn);
    return turn;
  };
  const turns = withSlots(
    state.turns,
    [...responded, ...old],
    [
      ...responded.map((slot) => after(atSlot(state.turns, slot)!.version)),
      ...old.map((slot) => ({ ...atSlot(state.turns, slot)!, version })),
    ],
  );
  const used = new Set(slotNumbers(turns).map((slot) => atSlot(turns, slot)!.version));
  const models = [...state.models.filter((model) => used.has(model.version)), newest];
  // Who is still under way was lost so many times already.
  const losses = slotMapOf(
    slotNumbers(quorum.losses)
      .filter((slot) => atSlot(turns, slot)!.version !== version)
      .map((slot) => [slot, atSlot(quorum.losses, slot)!] as const),
  );
  return { models, turns, quorum: { ...openQuorum(atMs), losses } };
}

/** Slots that have not replied and whose model is too old by now. */
function abandoned(plan: LocalStepsPlan, { quorum, turns }: LocalStepsState, version: number) {
  return slotNumbers(turns).filter(
    (slot) =>
      atSlot(quorum.replies, slot) === undefined &&
      version - atSlot(turns, slot)!.version > plan.stalenessMax,
  );
}

/** The round so far, with this quorum, whose losses are in its replies or come in sum. */
function heard(plan: LocalStepsPlan, state: LocalStepsState, lossSum: number): Epoch {
  const { quorum, turns, version } = state;
  const slots = respondedSlots(quorum);
  let { loss, part } = state.pass;
  let bitsUp = 0;
  for (const slot of slots) {
    const reply = atSlot(quorum.replies, slot)!;
    loss += plan.parts[slot]! * reply.loss;
    part += plan.parts[slot]!;
    bitsUp += 8 * reply.payload!.length;
  }
  return {
    slots: [...state.pass.slots, ...slots],
    staleness: [
      ...state.pass.staleness,
      ...slots.map((slot) => version - atSlot(turns, slot)!.version),
    ],
    loss: loss + lossSum,
    part,
    traffic: withTraffic(state.pass.traffic, { bitsDown: 0, bitsUp }),
  };
}

/** Slots whose memory was gone. */
function lossesOf({ quorum }: LocalStepsState): number[] {
  return respondedSlots(quorum).filter((slot) => atSlot(quorum.replies, slot)!.forgot === true);
}

function forgotWarning(state: LocalStepsState, slot: number, atMs: number): RunEvent {
  const { memory } = atSlot(state.turns, slot)!;
  const message =
    `slot ${slot}: its memory of turn ${memory} was gone; what compression had left out until ` +
    "then is lost, and it began with none";
  return { type: "warning", atMs, message };
}

function feedbackOf(plan: LocalStepsPlan, state: LocalStepsState, rule: WaitRule, atMs: number) {
  const { startedMs, arrivals } = state.quorum;
  return observeQuorum(plan.wait, state.waiting, {
    startedMs,
    atMs,
    arrivals,
    rule,
    gradient: null,
  });
}
