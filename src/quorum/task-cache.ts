import type { Slotted } from "../ports/compute.ts";
import type { WorkerTask } from "../tasks/protocol.ts";
import type { PendingSlot } from "./quorum.ts";

/** What all slots are asked: a round's gradient, or with `search` the way along a direction. */
export interface Request {
  readonly round: number;
  readonly weights: Float32Array<ArrayBuffer>;
  readonly search: {
    readonly direction: Float32Array<ArrayBuffer>;
    readonly steps: Float64Array<ArrayBuffer>;
    /** How often other steps were asked about before these. */
    readonly retries: number;
  } | null;
}

/** Tasks of one question, by slot. */
interface Made {
  readonly round: number;
  /** What all their names begin with. */
  readonly prefix: string;
  /** Never lost before: nearly all. */
  readonly first: WorkerTask[];
  readonly again: Map<number, { readonly attempt: number; readonly task: WorkerTask }>;
}

/**
 * The tasks that ask a question, remembered for as long as it stands: with hundreds of slots,
 * making the same names again at every arrival would be most of a run's time.
 */
export function taskCache(): (question: Request, missing: PendingSlot) => WorkerTask {
  const known = new WeakMap<object, Made>();
  let last: { readonly subject: object; readonly made: Made } | null = null;
  const madeFor = (question: Request): Made => {
    const subject = question.search ?? question.weights;
    const { round } = question;
    if (last?.subject === subject && last.made.round === round) return last.made;
    const before = known.get(subject);
    const prefix = prefixOf(question);
    const made = before?.round === round ? before : { round, prefix, first: [], again: new Map() };
    known.set(subject, made);
    last = { subject, made };
    return made;
  };
  return (question, missing) => {
    const { slot, copy, attempt, notBeforeMs } = missing;
    // Copies are few and come late.
    if (copy > 0) return taskOf(question, missing, prefixOf(question));
    const { first, again, prefix } = madeFor(question);
    const lost = attempt === 0 ? undefined : again.get(slot);
    const before = attempt === 0 ? first[slot] : lost?.attempt === attempt ? lost.task : undefined;
    if (before?.notBeforeMs === notBeforeMs) return before;
    const task = taskOf(question, missing, prefix);
    if (attempt === 0) first[slot] = task;
    else again.set(slot, { attempt, task });
    return task;
  };
}

function prefixOf({ round, search }: Request): string {
  if (search === null) return `round-${round}/gradient/`;
  const { retries } = search;
  return retries === 0 ? `round-${round}/along/` : `round-${round}/along-${retries + 1}/`;
}

function taskOf(
  { round, search, weights }: Request,
  missing: PendingSlot,
  prefix: string,
): WorkerTask {
  const { slot, notBeforeMs } = missing;
  const id = prefix + taskNameOf(missing);
  if (search === null) return { id, slot, round, weights, notBeforeMs, operation: "gradient" };
  const { direction, steps } = search;
  return { id, slot, round, weights, notBeforeMs, operation: "along", direction, steps };
}

/** Unique within its question. */
export function taskNameOf({ slot, attempt, copy }: PendingSlot): string {
  if (copy > 0) return `slot-${slot}/copy-${copy}`;
  return attempt > 0 ? `slot-${slot}/try-${attempt + 1}` : slotName(slot);
}

/** The same in every round: made once, as there are thousands. */
const slotNames: string[] = [];

function slotName(slot: number): string {
  while (slotNames.length <= slot) slotNames.push(`slot-${slotNames.length}`);
  return slotNames[slot]!;
}

/** Which copy of its slot's task a task is, by its name; 0 for the task itself. */
export function copyOf({ id }: Slotted): number {
  const at = id.lastIndexOf("/copy-");
  return at < 0 ? 0 : Number(id.slice(at + "/copy-".length));
}
