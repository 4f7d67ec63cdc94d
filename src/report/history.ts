import type {
  ArrivalEvent,
  ArrivalSummary,
  EvaluatedEvent,
  ResultEvent,
  RoundEvent,
  RunEvent,
  StartedEvent,
  StoppedEvent,
} from "../ports/events.ts";
import { requestNameOf } from "../ports/task-names.ts";

/** A run's events sorted into what happened, with the rounds that a resume undid left out. */
export interface History {
  readonly started: StartedEvent | undefined;
  readonly rounds: readonly RoundRecord[];
  readonly evaluated: readonly EvaluatedEvent[];
  /** Every arrival, also those of unfinished and of repeated rounds. */
  readonly arrivals: readonly ArrivalEvent[];
  /** Replies that were recorded as sums only; `arrivals` then cover some slots. */
  readonly sums: readonly ArrivalSummary[];
  /** Replies to the round that has not ended yet. */
  readonly pending: readonly ArrivalEvent[];
  readonly repeatedReplies: number;
  readonly warnings: readonly string[];
  readonly resumes: number;
  readonly stopped: StoppedEvent | undefined;
  readonly result: ResultEvent | undefined;
  readonly lastMs: number;
}

export interface RoundRecord {
  readonly event: RoundEvent;
  readonly arrivals: readonly ArrivalEvent[];
  /** The sums of the round's replies, where replies were recorded as sums. */
  readonly sums: readonly ArrivalSummary[];
  readonly asks: readonly QuorumRecord[];
}

/** One request to all slots; a round with a line search makes two, one after the other. */
export interface QuorumRecord {
  readonly startedMs: number;
  /** When its quorum was complete and the next request began. */
  readonly endedMs: number;
  readonly arrivals: readonly ArrivalEvent[];
}

/**
 * An arrival belongs to the round during which its task was started, whatever the task is called.
 * A resume goes back to the last checkpoint: rounds that ended after it are done again, and what
 * they cost stays in the totals alone.
 */
export function historyOf(events: readonly RunEvent[]): History {
  const segments = segmentsOf(events);
  const kept = new Map<number, RoundRecord>();
  const evaluated = new Map<number, EvaluatedEvent>();
  let lastMs = 0;
  for (const segment of segments) {
    for (const [round, record] of kept) if (record.event.atMs > segment.fromMs) kept.delete(round);
    for (const [round, event] of evaluated)
      if (event.atMs > segment.fromMs) evaluated.delete(round);
    for (const record of recordsOf(segment)) kept.set(record.event.round, record);
    for (const event of segment.events)
      if (event.type === "evaluated") evaluated.set(event.round, event);
    lastMs = segment.events.reduce(
      (latest, event) => Math.max(latest, timeOf(event)),
      segment.fromMs,
    );
  }
  const arrivals = events.filter((event) => event.type === "arrival");
  const inRounds = [...kept.values()].reduce((sum, record) => sum + record.arrivals.length, 0);
  const pending = segments.length > 0 ? pendingOf(segments[segments.length - 1]!) : [];
  return {
    started: events.find((event) => event.type === "started"),
    rounds: [...kept.values()].sort((a, b) => a.event.round - b.event.round),
    evaluated: [...evaluated.values()].sort((a, b) => a.round - b.round),
    arrivals,
    sums: events.filter((event) => event.type === "arrivals"),
    pending,
    repeatedReplies: arrivals.length - inRounds - pending.length,
    warnings: events.filter((event) => event.type === "warning").map((event) => event.message),
    resumes: segments.length - 1,
    stopped: lastStop(events),
    result: events.findLast((event) => event.type === "result"),
    lastMs,
  };
}

interface Segment {
  readonly fromMs: number;
  readonly events: RunEvent[];
}

/** What lies between two resumes. */
function segmentsOf(events: readonly RunEvent[]): Segment[] {
  const segments: Segment[] = [{ fromMs: 0, events: [] }];
  for (const event of events) {
    if (event.type === "resumed") segments.push({ fromMs: event.atMs, events: [] });
    else segments[segments.length - 1]!.events.push(event);
  }
  return segments;
}

function roundsOf(segment: Segment): RoundEvent[] {
  return segment.events
    .filter((event) => event.type === "round")
    .sort((a, b) => a.startedMs - b.startedMs);
}

function recordsOf(segment: Segment): RoundRecord[] {
  const rounds = roundsOf(segment);
  const arrivals = rounds.map((): ArrivalEvent[] => []);
  const sums = rounds.map((): ArrivalSummary[] => []);
  let ended = 0;
  for (const event of segment.events) {
    if (event.type === "round") ended++;
    if (event.type === "arrivals") sums[ended]?.push(event);
    if (event.type !== "arrival") continue;
    const index = roundIndexAt(rounds, event.startedMs);
    if (index >= 0) arrivals[index]!.push(event);
  }
  return rounds.map((event, index) => {
    const own = arrivals[index]!;
    return { event, arrivals: own, sums: sums[index]!, asks: requestsOf(event, own) };
  });
}

/** The requests of a round, by their tasks' names; names without a slot make one request. */
function requestsOf(round: RoundEvent, arrivals: readonly ArrivalEvent[]): QuorumRecord[] {
  const groups = requestsIn(arrivals)
    .map((own) => ({ own, startedMs: Math.min(...own.map((arrival) => arrival.startedMs)) }))
    .sort((a, b) => a.startedMs - b.startedMs);
  return groups.map(({ own, startedMs }, index) => ({
    startedMs,
    endedMs: groups[index + 1]?.startedMs ?? round.atMs,
    arrivals: own,
  }));
}

/** Arrivals by the request that they answer. */
export function requestsIn(arrivals: readonly ArrivalEvent[]): ArrivalEvent[][] {
  const byName = new Map<string, ArrivalEvent[]>();
  for (const arrival of arrivals) {
    const name = requestNameOf(arrival.task);
    const before = byName.get(name);
    if (before === undefined) byName.set(name, [arrival]);
    else before.push(arrival);
  }
  return [...byName.values()];
}

/** Replies to none of the rounds that have ended. */
function pendingOf(segment: Segment): ArrivalEvent[] {
  const rounds = roundsOf(segment);
  return segment.events.filter(
    (event): event is ArrivalEvent =>
      event.type === "arrival" && roundIndexAt(rounds, event.startedMs) < 0,
  );
}

/** The round that was under way at `atMs`; at a border, the one that begins there. */
function roundIndexAt(rounds: readonly RoundEvent[], atMs: number): number {
  let low = 0;
  let high = rounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rounds[middle]!.startedMs <= atMs) low = middle + 1;
    else high = middle;
  }
  const index = low - 1;
  return index >= 0 && atMs <= rounds[index]!.atMs ? index : -1;
}

/** A stop before a later resume is not the run's end. */
function lastStop(events: readonly RunEvent[]): StoppedEvent | undefined {
  const last = events.findLast((event) => event.type === "stopped" || event.type === "resumed");
  return last?.type === "stopped" ? last : undefined;
}

function timeOf(event: RunEvent): number {
  return "atMs" in event ? event.atMs : 0;
}
