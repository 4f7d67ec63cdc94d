import type { ArrivalEvent } from "../ports/events.ts";
import { type Cell, type CellFate, cellFates, type Heatmap } from "./data.ts";
import { type History, type QuorumRecord, type RoundRecord, requestsIn } from "./history.ts";
import { replyMs } from "./reply-times.ts";

const cellsMax = 8_000;
const textMax = 160;

/**
 * Who was waited for: one cell a slot and round, or a slot and several rounds in long runs. The
 * round that has not ended yet has a column of its own.
 */
export function heatmapOf(history: History, slots: number, slowMs: number | null): Heatmap {
  const { rounds } = history;
  const columnsMax = Math.max(1, Math.floor(cellsMax / Math.max(1, slots)));
  const roundsPerColumn = Math.max(1, Math.ceil(rounds.length / columnsMax));
  const columns: number[] = [];
  const cells: Cell[] = [];
  for (let from = 0; from < rounds.length; from += roundsPerColumn) {
    const stretch = rounds.slice(from, from + roundsPerColumn);
    cells.push(...cellsOf(stretch, columns.length, slots, slowMs));
    columns.push(stretch[0]!.event.round);
  }
  const last = rounds[rounds.length - 1]?.event.round;
  const next = last === undefined ? 0 : last + 1;
  const pending = pendingOf(history);
  if (pending.length > 0) {
    cells.push(...pendingCells(pending, columns.length, slots, slowMs));
    columns.push(next);
  }
  return {
    slots,
    roundsPerColumn,
    columns,
    lastRound: pending.length > 0 ? next : (last ?? 0),
    cells,
  };
}

function cellsOf(
  stretch: readonly RoundRecord[],
  column: number,
  slots: number,
  slowMs: number | null,
): Cell[] {
  const arrivals = stretch.flatMap(({ asks }) => asks.flatMap((ask) => oneForEachSlot(ask)));
  return cellsBySlot(arrivals, column, slots, slowMs);
}

/** Replies to the round under way; none where the run is over. */
function pendingOf({ pending, rounds, result }: History): readonly ArrivalEvent[] {
  if (result !== undefined) return [];
  const sinceMs = rounds[rounds.length - 1]?.event.atMs ?? 0;
  return pending.filter(({ startedMs }) => startedMs >= sinceMs);
}

function pendingCells(
  pending: readonly ArrivalEvent[],
  column: number,
  slots: number,
  slowMs: number | null,
): Cell[] {
  const arrivals = requestsIn(pending).flatMap((own) => oneForEachSlot({ arrivals: own }));
  return cellsBySlot(arrivals, column, slots, slowMs);
}

function cellsBySlot(
  all: readonly ArrivalEvent[],
  column: number,
  slots: number,
  slowMs: number | null,
): Cell[] {
  const bySlot = new Map<number, ArrivalEvent[]>();
  for (const arrival of all) {
    if (arrival.slot >= slots) continue;
    const before = bySlot.get(arrival.slot);
    if (before === undefined) bySlot.set(arrival.slot, [arrival]);
    else before.push(arrival);
  }
  return [...bySlot].map(([slot, arrivals]) => cellOf(column, slot, arrivals, slowMs));
}

/** A slot that was retried after a loss appears once, with the better of its replies. */
function oneForEachSlot(ask: Pick<QuorumRecord, "arrivals">): ArrivalEvent[] {
  const rank = { counted: 2, late: 1, lost: 0 };
  const best = new Map<number, ArrivalEvent>();
  for (const arrival of ask.arrivals) {
    const before = best.get(arrival.slot);
    if (before === undefined || rank[arrival.fate] > rank[before.fate])
      best.set(arrival.slot, arrival);
  }
  return [...best.values()];
}

function cellOf(
  column: number,
  slot: number,
  arrivals: readonly ArrivalEvent[],
  slowMs: number | null,
): Cell {
  const fates = cellFates.map(() => 0);
  let slowest: ArrivalEvent | undefined;
  for (const arrival of arrivals) {
    fates[cellFates.indexOf(fateOf(arrival, slowMs))]!++;
    if (slowest === undefined || replyMs(arrival) > replyMs(slowest)) slowest = arrival;
  }
  const ms = slowest === undefined ? null : Math.round(replyMs(slowest));
  const cell: Cell = { column, slot, fates, ms };
  const reason = slowest?.reason ?? arrivals.find((arrival) => arrival.reason)?.reason;
  return {
    ...cell,
    ...(slowest === undefined ? {} : { task: slowest.task.slice(0, textMax) }),
    ...(reason === undefined ? {} : { reason: reason.slice(0, textMax) }),
  };
}

/** A late reply at the usual pace was merely not needed: only slow ones are shown as late. */
function fateOf(arrival: ArrivalEvent, slowMs: number | null): CellFate {
  if (arrival.fate === "lost") return "lost";
  const slow = slowMs !== null && replyMs(arrival) > slowMs;
  if (arrival.fate === "counted") return slow ? "slow" : "counted";
  return slow ? "late" : "spare";
}
