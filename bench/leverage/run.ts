import { line } from "@observablehq/plot";
import {
  alike,
  excessesOf,
  placedCodes,
  type Regression,
  summary,
  uneven,
} from "../../test/vectors/leverage.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";

/**
 * What each code loses where 8 of 32 slots are missing for good: least squares over what replied,
 * above the least, for rows that are alike and for rows of which sixteen are 200 times as large.
 * The plot has every draw, in order.
 */
const draws = 400;
const width = 34;

const heading = "median     p95   worst".padStart(26);
console.log(`${"".padEnd(width)}${"rows alike".padStart(26)}${"sixteen large rows".padStart(26)}`);
console.log(`${"f(w_A)/f* - 1".padEnd(width)}${heading}${heading}`);
const curves: { code: string; rows: string; share: number; excess: number }[] = [];
const results = placedCodes().map((placed) => {
  const measured = (rows: string, of: Regression) => {
    const excesses = excessesOf(placed, of, draws);
    for (const [i, excess] of excesses.entries())
      curves.push({ code: placed.name, rows, share: (i + 0.5) / draws, excess });
    return summary(excesses);
  };
  const row = {
    code: placed.name,
    alike: measured("rows alike", alike),
    uneven: measured("sixteen large rows", uneven),
  };
  const figures = [row.alike, row.uneven].map(({ median, p95, worst }) =>
    [median, p95, worst]
      .map((value) => String(value).padStart(8))
      .join("")
      .padStart(26),
  );
  console.log(row.code.padEnd(width) + figures.join(""));
  return row;
});
const page = writePlot("leverage", {
  x: { label: "share of draws" },
  y: { type: "log", label: "f(w_A)/f* - 1", grid: true, domain: [1e-3, 100], clamp: true },
  fx: { label: null },
  color: { legend: true, type: "ordinal", scheme: "turbo" },
  height: 480,
  marks: [line(curves, { x: "share", y: "excess", stroke: "code", fx: "rows" })],
});
console.log(`\nplot: ${page}`);
handOver({ bench: "leverage", draws, results });
