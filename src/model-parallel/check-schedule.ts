import { RunError } from "../core/errors.ts";
import type { Action, MessageKind, Schedule } from "./schedule.ts";
import { actionName } from "./schedule-csv.ts";
import { simulateSchedule } from "./simulate-schedule.ts";

export interface ScheduleRule {
  readonly microbatches: number;
  /** Microbatches a worker may have begun and not finished. */
  readonly activeMicrobatches?: number;
}

/**
 * Throws `RunError` that names the cell unless every stage does each microbatch forward and then
 * backward once (or I and then W), on its own worker, within the cap, messages complete where there
 * are any, and nobody waits for ever.
 */
export function checkSchedule(schedule: Schedule, rule: ScheduleRule): void {
  const { pipeline, workers } = schedule;
  const places = placesOf(schedule);
  for (const [worker, order] of workers.entries())
    for (const action of order) checkCell(schedule, action, worker, rule);
  const hasMessages = workers.flat().some(({ kind }) => kind.includes("_"));
  for (const stage of pipeline.workerOf.keys())
    for (let mb = 0; mb < rule.microbatches; mb++) {
      const at = (kind: string) => places.get(`${stage}${kind}${mb}`);
      checkComputing(stage, mb, at);
      if (hasMessages) checkMessages(schedule, stage, mb, at);
    }
  const cap = rule.activeMicrobatches ?? Number.POSITIVE_INFINITY;
  for (const [worker, order] of workers.entries()) checkCap(schedule, worker, order, cap);
  const unit = { forward: () => 1, backward: () => 2, hop: () => 0 };
  const outcome = simulateSchedule(schedule, unit);
  if ("deadlock" in outcome) {
    const waits = outcome.deadlock.map(
      ({ worker, action }) => `${worker} at ${actionName(action)}`,
    );
    throw wrong(`deadlock: the workers wait for each other, ${waits.join(", ")}`);
  }
}

function wrong(what: string): RunError {
  return new RunError("bad-schedule", `schedule: ${what}`, {
    hint: "compare with what the schedules simple, interleaved and 1f1b print",
  });
}

function checkCell(
  { pipeline }: Schedule,
  action: Action,
  worker: number,
  { microbatches }: ScheduleRule,
): void {
  const name = actionName(action);
  const own = pipeline.workerOf[action.stage];
  if (own === undefined) throw wrong(`${name}: there are ${pipeline.workerOf.length} stages`);
  if (own !== worker)
    throw wrong(`${name} stands with worker ${worker}, the stage is worker ${own}'s`);
  if (action.microbatch >= microbatches)
    throw wrong(`${name}: there are ${microbatches} microbatches`);
}

/** Where each action stands in its worker's order. */
function placesOf({ workers }: Schedule): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const order of workers)
    for (const [i, action] of order.entries()) {
      if (places.has(actionName(action))) throw wrong(`${actionName(action)} stands there twice`);
      places.set(actionName(action), i);
    }
  return places;
}

type Place = (kind: string) => number | undefined;

function checkComputing(stage: number, mb: number, at: Place): void {
  const [forward, whole, inputs, weights] = ["F", "B", "I", "W"].map(at);
  if (forward === undefined) throw wrong(`${stage}F${mb} is missing`);
  if (whole !== undefined && (inputs !== undefined || weights !== undefined))
    throw wrong(`${stage}B${mb} stands beside ${stage}${inputs === undefined ? "W" : "I"}${mb}`);
  const backward = whole ?? inputs;
  if (backward === undefined) throw wrong(`${stage}B${mb} is missing`);
  if (backward < forward)
    throw wrong(`${stage}${whole === undefined ? "I" : "B"}${mb} stands before ${stage}F${mb}`);
  if (whole !== undefined) return;
  if (weights === undefined) throw wrong(`${stage}W${mb} is missing`);
  if (weights < inputs!) throw wrong(`${stage}W${mb} stands before ${stage}I${mb}`);
}

/** What goes to another worker is sent after it is made, and received before it is read. */
function checkMessages({ pipeline }: Schedule, stage: number, mb: number, at: Place): void {
  const { workerOf, producers } = pipeline;
  const isRemote = (other: number) => workerOf[other] !== workerOf[stage];
  const reads = producers[stage]!.some(isRemote);
  const isRead = producers.some((of, reader) => of.includes(stage) && isRemote(reader));
  const need = (kind: MessageKind, other: string, isBefore: boolean) => {
    const place = at(kind);
    if (place === undefined) throw wrong(`${stage}${kind}${mb} is missing`);
    const order = isBefore ? "after" : "before";
    if (place < at(other)! !== isBefore)
      throw wrong(`${stage}${kind}${mb} stands ${order} ${stage}${other}${mb}`);
  };
  const backward = at("B") === undefined ? "I" : "B";
  if (reads) need("RECV_F", "F", true);
  if (isRead) need("SEND_F", "F", false);
  if (isRead) need("RECV_B", backward, true);
  if (reads) need("SEND_B", backward, false);
}

function checkCap(
  { pipeline: { workerOf }, workers }: Schedule,
  worker: number,
  order: readonly Action[],
  cap: number,
): void {
  const stages = workerOf.filter((own) => own === worker).length;
  const split = new Set(workers[worker]!.filter(({ kind }) => kind === "I").map(keyOf));
  const left = new Map<number, number>();
  for (const action of order) {
    const { kind, microbatch } = action;
    if (kind === "F" && !left.has(microbatch)) {
      left.set(microbatch, stages);
      const active = [...left.values()].filter((count) => count > 0).length;
      if (active > cap)
        throw wrong(
          `${actionName(action)}: ${active} microbatches in flight, at most ${cap} may be`,
        );
    }
    if (kind === (split.has(keyOf(action)) ? "W" : "B"))
      left.set(microbatch, left.get(microbatch)! - 1);
  }
}

function keyOf({ stage, microbatch }: Action): string {
  return `${stage}/${microbatch}`;
}
