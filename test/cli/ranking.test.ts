import { expect, it } from "vitest";
import {
  type Compared,
  comparisonTable,
  rankingInWords,
  summaries,
} from "../../src/cli/comparison.ts";

/** Runs of settings that reached these values of one metric of test rows. */
function runs(name: string, settings: Readonly<Record<string, readonly number[]>>): Compared[] {
  return Object.entries(settings).flatMap(([setting, values]) =>
    values.map((value) => {
      const metrics = { train: { [name]: 0 }, test: { [name]: value } };
      const costs = { seconds: 1, dollars: 1, erasures: 0, objective: value };
      const result = { metrics, ...costs };
      return { setting, label: setting, result, stop: { kind: "done" } } as unknown as Compared;
    }),
  );
}

it("ranks settings by a metric of test rows, and says what is noise", () => {
  const accuracy = { "l2=1": [0.8, 0.82, 0.81], "l2=0.1": [0.9, 0.91, 0.92] };
  expect(rankingInWords(runs("accuracy", accuracy))).toBe(
    "best by test accuracy: l2=0.1 0.9100, then l2=1 0.8100; " +
      "beyond noise: repeats of one setting differ by up to 0.02000",
  );
  const near = { "l2=1": [0.9, 0.88], "l2=0.1": [0.9, 0.91] };
  expect(rankingInWords(runs("auc", near))).toMatch(/l2=0\.1 .*within noise: .* up to 0\.02/);
});

it("takes errors for better where they are smaller, and one run for no proof", () => {
  const told = rankingInWords(runs("rmse", { a: [2], b: [1], c: [3] }));
  expect(told).toMatch(/^best by test rmse: b 1.*, then a 2.*--repeats 5/);
  expect(rankingInWords(runs("rmse", { a: [2, 3] }))).toBeNull();
});

it("shows no gap between objectives that are not the same", () => {
  const compared = runs("rmse", { a: [2], b: [1.5] });
  expect(comparisonTable(compared)).toMatch(/33 %/);
  expect(comparisonTable(compared, false)).not.toMatch(/%/);
});

it("shows how far repeats of a setting are apart", () => {
  const compared = runs("rmse", { a: [2, 2.5, 2.25], b: [1] });
  expect(comparisonTable(compared)).toMatch(/test rmse +its repeats/);
  expect(comparisonTable(compared)).toMatch(/2\.250 +2 to 2\.500/);
  expect(summaries(compared)[0]!.metric).toEqual({
    name: "test rmse",
    value: 2.25,
    least: 2,
    most: 2.5,
  });
  expect(comparisonTable(runs("rmse", { a: [2], b: [1] }))).not.toMatch(/repeats/);
});
