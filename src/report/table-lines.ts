import type { TableTraffic } from "../ports/events.ts";
import { formatBytes, formatPercent } from "./format.ts";

const reasons: Readonly<Record<NonNullable<TableTraffic["dense"]>, string>> = {
  tied: "the table is used as a whole as well, such as by a tied output",
  penalty: "a penalty on its numbers moves every row",
  rows: "its rows would be no fewer bytes",
};

const moves: Readonly<Record<NonNullable<TableTraffic["moves"]>, string>> = {
  momentum: "the optimizer's momentum moves every row",
  decay: "weight decay moves every row",
  whole: "the optimizer needs all of it",
};

/** How a table's gradient travelled in a round, in one line. */
export function tableLine(table: TableTraffic): string {
  const { tensor, rows, distinctRows, slicesBytes, denseBytes, sentBytes, dense } = table;
  const share = formatPercent(rows === 0 ? 0 : distinctRows / rows);
  const sent = dense === undefined ? "slices" : sentBytes < denseBytes ? "both" : "dense";
  const why = dense === undefined ? "" : `, ${reasons[dense]}`;
  const then = table.moves === undefined ? "" : `; ${moves[table.moves]}`;
  return (
    `${tensor}: ${share} of rows, slices ${formatBytes(slicesBytes)}, ` +
    `dense ${formatBytes(denseBytes)}: ${sent}${why}${then}`
  );
}
