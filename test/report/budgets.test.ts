import { expect, test } from "vitest";
import { foldRun } from "../../src/report/fold.ts";
import { budgetsSection } from "../../src/report/live/budgets.ts";
import type { LiveStatus } from "../../src/report/live/protocol.ts";
import { sampleEvents } from "./sample-events.ts";

test("rounds, time, dollars and epsilon stand against their budgets", () => {
  const run = foldRun("run", sampleEvents({ rounds: 20 }));
  const shown = (dollars: number | null, privacy: object | null) => {
    const budgets = { rounds: 80, seconds: null, dollars };
    const { markup } = budgetsSection(run, { budgets, privacy } as LiveStatus);
    return [...markup.matchAll(/<dt>(\w+)<\/dt><dd>([\s\S]*?)<\/dd>/g)].map(([, name, text]) => [
      name,
      text!
        .replace(/<[^>]+>/g, " ")
        .replace(/\s+/g, " ")
        .trim(),
      /value="([^"]+)"/.exec(text!)?.[1],
    ]);
  };
  expect(shown(2 * run.figures.dollars, { epsilon: 1.5, budget: 2 })).toEqual([
    ["Rounds", "20 25 % of 80", "0.25"],
    ["Time", expect.stringMatching(/^\S+ \w+ no bound$/), undefined],
    ["Dollars", expect.stringMatching(/^\$\S+ 50 % of \$\S+$/), "0.5"],
    ["Epsilon", "1.500 75 % of 2", "0.75"],
  ]);
  const [, , dollars, ...more] = shown(0.5 * run.figures.dollars, null);
  expect([dollars!.at(-1), more]).toEqual(["1", []]);
});
