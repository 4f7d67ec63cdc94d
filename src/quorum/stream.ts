import { atSlot, type SlotMap, slotMapOf, slotNumbers, withSlot } from "../core/slot-map.ts";
import { nextTryMs } from "../engine/backoff.ts";
import type { Step, Strategy } from "../engine/strategy.ts";
import type { Slotted } from "../ports/compute.ts";

/** What every slot is at: one task, begun at the newest version of that moment. */
export interface StreamedTurn {
  readonly number: number;
  /** Updates applied when it began. */
  readonly version: number;
  /** Losses in a row. */
  readonly losses: number;
  readonly notBeforeMs: number;
}

/** What every state has that streams replies. */
export interface Streaming<T extends StreamedTurn> {
  readonly finished: boolean;
  readonly startedMs: number;
  /** When the last reply of use came; patience counts from here. */
  readonly heardMs: number;
  /** Updates applied. */
  readonly version: number;
  /** What every slot is at. */
  readonly open: SlotMap<T>;
  /** Why the last reply that was no use was none. */
  readonly trouble: string | null;
}

/** One open task a slot; each reply is applied at once. All functions are pure. */
export interface Stream<
  T extends StreamedTurn,
  State extends Streaming<T>,
  Task extends Slotted,
  Reply,
> {
  readonly patienceMs: number;
  /** Replies to turns that began more updates ago are rejected. */
  readonly stalenessMax: number;
  start(): State;
  /** What a turn holds besides, at the state's newest version. */
  turn(state: State, turn: StreamedTurn): T;
  task(slot: number, turn: T): Task;
  /** Why a reply is as good as lost; null for a sound one. */
  validate(task: Task, reply: Reply): string | null;
  /** The step along one sound reply, fresh enough. */
  apply(state: State, slot: number, reply: Reply, atMs: number): Step<State, Task>;
}

/**
 * Asynchronous training without a barrier: every slot always has one task open, begun at the newest
 * version of that moment, and every reply is applied at once, its staleness bounded. A lost task is
 * asked anew at the newest version, later each time.
 */
export function stream<
  T extends StreamedTurn,
  State extends Streaming<T>,
  Task extends Slotted,
  Reply,
>(of: Stream<T, State, Task, Reply>): Strategy<State, Task, Reply> {
  return {
    start: () => of.start(),
    wanted: ({ open, finished }) =>
      finished ? [] : slotNumbers(open).map((slot) => of.task(slot, atSlot(open, slot)!)),
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      if (arrival.kind === "tick") return { state, ...silence(of, state, atMs) };
      const { task, outcome } = arrival;
      const { slot } = task;
      if (outcome.kind === "lost") return retry(of, state, task, outcome, atMs);
      const invalid = of.validate(task, outcome.result);
      if (invalid !== null)
        return { ...retry(of, state, task, { reason: invalid }, atMs), rejected: invalid };
      const staleness = state.version - atSlot(state.open, slot)!.version;
      if (staleness > of.stalenessMax) {
        const rejected = `its weights were ${staleness} steps old, more than ${of.stalenessMax}`;
        const step = begin(of, { ...state, trouble: rejected }, slot, fresh);
        return { ...step, rejected, ...silence(of, state, atMs) };
      }
      const step = of.apply({ ...state, heardMs: atMs }, slot, outcome.result, atMs);
      return step.state.finished ? step : { ...step, ...begin(of, step.state, slot, fresh) };
    },
    resume(state, atMs) {
      const open = slotMapOf(
        slotNumbers(state.open).map((slot) => {
          const number = atSlot(state.open, slot)!.number + 1;
          return [slot, of.turn(state, { number, version: state.version, ...fresh })] as const;
        }),
      );
      return { ...state, startedMs: atMs, heardMs: atMs, open };
    },
    wakeAtMs: ({ heardMs }) => heardMs + of.patienceMs,
  };
}

const fresh = { losses: 0, notBeforeMs: 0 };

/** The slot's next turn, at the newest version. */
function begin<T extends StreamedTurn, State extends Streaming<T>, Task extends Slotted, Reply>(
  of: Stream<T, State, Task, Reply>,
  state: State,
  slot: number,
  retries: Pick<StreamedTurn, "losses" | "notBeforeMs">,
): Step<State, Task> {
  const number = atSlot(state.open, slot)!.number + 1;
  const turn = of.turn(state, { number, version: state.version, ...retries });
  const next = { ...state, open: withSlot(state.open, slot, turn) };
  return { state: next, starts: [of.task(slot, turn)] };
}

/** After a loss the slot is asked anew, later each time. */
function retry<T extends StreamedTurn, State extends Streaming<T>, Task extends Slotted, Reply>(
  of: Stream<T, State, Task, Reply>,
  state: State,
  { id, slot }: Task,
  lost: { readonly reason: string; readonly retryAfterMs?: number },
  atMs: number,
): Step<State, Task> {
  const losses = atSlot(state.open, slot)!.losses + 1;
  const givesUpMs = state.heardMs + of.patienceMs;
  const askedMs = lost.retryAfterMs;
  const notBeforeMs = nextTryMs({ task: id, losses, atMs, askedMs, givesUpMs });
  const step = begin(of, { ...state, trouble: lost.reason }, slot, { losses, notBeforeMs });
  return { ...step, ...silence(of, step.state, atMs) };
}

/** Why it will not go on, once nothing of use came for the patience. */
function silence(
  { patienceMs }: { readonly patienceMs: number },
  { heardMs, trouble }: { readonly heardMs: number; readonly trouble: string | null },
  atMs: number,
): { readonly failed?: string } {
  if (atMs < heardMs + patienceMs) return {};
  const last = trouble === null ? "" : ` (last: ${trouble})`;
  return { failed: `no reply of use for ${patienceMs / 1000} s${last}` };
}
