import type { Slotted } from "../../ports/compute.ts";
import type { WorkerTask } from "../messages.ts";
import type { Missing } from "./quorum.ts";

/** What all slots are asked: a round's gradient, or with `search` the way along a direction. */
export interface Question {
  readonly round: number;
  readonly weights: Float32Array<ArrayBuffer>;
  readonly search: {
    readonly direction: Float32Array<ArrayBuffer>;
    readonly steps: Float64Array<ArrayBuffer>;
  } | null;
}

/** Tasks of one question, by slot. */
interface Made {
  /** Never lost before: nearly all. */
  readonly first: WorkerTask[];
  readonly again: Map<number, { readonly attempt: number; readonly task: WorkerTask }>;
}

/**
 * The tasks that ask a question, remembered for as long as it stands: with hundreds of slots,
 * making the same names again at every arrival would be most of a run's time.
 */
export function askedOnce(): (question: Question, missing: Missing) => WorkerTask {
  const known = new WeakMap<object, Made>();
  let last: { readonly subject: object; readonly made: Made } | null = null;
  const madeFor = (subject: object): Made => {
    if (last?.subject === subject) return last.made;
    const made = known.get(subject) ?? { first: [], again: new Map() };
    known.set(subject, made);
    last = { subject, made };
    return made;
  };
  return (question, missing) => {
    // Copies are few and come late.
    if (missing.copy > 0) return taskOf(question, missing);
    const { slot, attempt, notBeforeMs } = missing;
    const { first, again } = madeFor(question.search ?? question.weights);
    const lost = attempt === 0 ? undefined : again.get(slot);
    const before = attempt === 0 ? first[slot] : lost?.attempt === attempt ? lost.task : undefined;
    if (before?.round === question.round && before.notBeforeMs === notBeforeMs) return before;
    const task = taskOf(question, missing);
    if (attempt === 0) first[slot] = task;
    else again.set(slot, { attempt, task });
    return task;
  };
}

function taskOf({ round, search, weights }: Question, missing: Missing): WorkerTask {
  const phase = search === null ? "gradient" : "along";
  const { slot, notBeforeMs } = missing;
  const id = `round-${round}/${phase}/${nameOf(missing)}`;
  if (search === null) return { id, slot, round, weights, notBeforeMs, operation: "gradient" };
  const { direction, steps } = search;
  return { id, slot, round, weights, notBeforeMs, operation: "along", direction, steps };
}

/** Unique within its question. */
export function nameOf({ slot, attempt, copy }: Missing): string {
  if (copy > 0) return `slot-${slot}/copy-${copy}`;
  return attempt > 0 ? `slot-${slot}/try-${attempt + 1}` : `slot-${slot}`;
}

/** Which copy of its slot's task a task is, by its name; 0 for the task itself. */
export function copyOf({ id }: Slotted): number {
  const at = id.lastIndexOf("/copy-");
  return at < 0 ? 0 : Number(id.slice(at + "/copy-".length));
}
