import { alike, excessesOf, placedCodes, summary, uneven } from "../../test/vectors/leverage.ts";

/**
 * What each code loses where 8 of 32 slots are missing for good: least squares over what replied,
 * above the least, for rows that are alike and for rows of which sixteen are 200 times as large.
 */
const draws = 400;
const width = 34;

const heading = "median     p95   worst".padStart(26);
console.log(`${"".padEnd(width)}${"rows alike".padStart(26)}${"sixteen large rows".padStart(26)}`);
console.log(`${"f(w_A)/f* - 1".padEnd(width)}${heading}${heading}`);
const results = placedCodes().map((placed) => {
  const row = {
    code: placed.name,
    alike: summary(excessesOf(placed, alike, draws)),
    uneven: summary(excessesOf(placed, uneven, draws)),
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
console.log(JSON.stringify({ bench: "leverage", draws, results }));
