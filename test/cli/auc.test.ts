import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResultEvent } from "../../src/ports/events.ts";
import { jsonLines, kofn, newFolder } from "./fixtures.ts";

/** Class by area, but for every sixth row. */
const rows = Array.from({ length: 120 }, (_, i) => {
  const area = 20 + ((i * 37) % 100);
  const isBig = area > 70 !== (i % 6 === 0);
  return `${area},${["flat", "house", "barn"][i % 3]!},${isBig ? "yes" : "no"}`;
});

let folder: Awaited<ReturnType<typeof newFolder>>;
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await newFolder();
  await writeFile(at("rows.csv"), `area,kind,big\n${rows.join("\n")}\n`);
});
afterAll(() => folder.remove());

describe("the area under the curve of two classes", () => {
  const aucOf = (of: string) => Number(/auc (\d\.\d+)/.exec(of)?.[1]);

  it("is in the result, the curve, show, the report and predict, as by hand", async () => {
    const spec = "problem: logistic\ndata: { source: rows.csv, target: big }\nworkers: 4\n";
    await writeFile(at("noisy.yaml"), `${spec}wait: all\nstop: { rounds: 9, tolerance: 0 }\n`);
    const ran = await kofn(at("areas"), "simulate", at("noisy.yaml"), "--name", "noisy", "--json");
    const events = jsonLines(ran.out) as unknown as ResultEvent[];
    const { out, err } = await kofn(at("areas"), "predict", "noisy", at("rows.csv"));
    const scores = out
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => Number(line.split(",")[2]));
    const byHand = areaByPairs(scores, (i) => rows[i]!.endsWith("yes"));
    expect(byHand).toBeGreaterThan(0.6);
    expect(byHand).toBeLessThan(0.95);
    expect(events.at(-1)!.metrics.train.auc).toBeCloseTo(byHand, 12);
    const curve = events.filter(({ type }) => (type as string) === "evaluated");
    for (const { train } of curve as unknown as { train: { auc: number } }[])
      expect(train.auc).toBeGreaterThan(0);
    expect(aucOf(err)).toBeCloseTo(byHand, 3);
    const taken = (label: string, isAbove: boolean) =>
      scores.filter((p, i) => rows[i]!.endsWith(label) && p > 0.5 === isAbove).length;
    expect(err).toMatch(/baseAccuracy 0\.\d+\nof \d+ "no" /);
    expect(err).toContain(`"no" ${taken("no", false)} are taken for it, ${taken("no", true)} for`);
    expect(err).toContain(`"yes" ${taken("yes", true)} are taken for it, ${taken("yes", false)} f`);
    expect(aucOf((await kofn(at("areas"), "show", "noisy")).out)).toBeCloseTo(byHand, 3);
    expect((await kofn(at("areas"), "report", "noisy")).exitCode).toBe(0);
    const page = await readFile(at("areas/runs/noisy/report.html"), "utf8");
    expect(Number(/Training auc<\/dt>\s*<dd>([\d.]+)/.exec(page)?.[1])).toBeCloseTo(byHand, 3);
  });

  it("stays with the rows' owner where a run is private", async () => {
    const privacy = "epsilon: 8, delta: 1e-5, unit: record, adjacency: replace-one, clip: 1";
    const told = async (evaluate: string) => {
      const spec = `problem: logistic
data:
  source: rows.csv
  target: big
  drop: [kind]
  standardize: false
  classes: ["no", "yes"]
  test: 0.25
privacy: { ${privacy}, evaluate: ${evaluate} }
optimizer: { type: sgd, learningRate: 1 }
strategy: { type: dp-sgd, rate: 1 }
workers: 4
stop: { rounds: 2 }
`;
      await writeFile(at("private.yaml"), spec);
      const { out, err } = await kofn(at("areas"), "simulate", at("private.yaml"), "--json");
      expect(err).not.toMatch(/error/);
      const { metrics, figures } = jsonLines(out).at(-1) as unknown as ResultEvent;
      const has = [Object.hasOwn(metrics.train, "auc"), Object.hasOwn(metrics.test, "auc")];
      return [...has, figures?.of];
    };
    expect(await told("false")).toEqual([false, false, undefined]);
    expect(await told("test")).toEqual([false, true, "test"]);
    expect(await told("true")).toEqual([true, true, "test"]);
  });
});

/** The share of pairs of one row each of both classes whose second scores higher; ties half. */
function areaByPairs(scores: readonly number[], isSecond: (i: number) => boolean): number {
  const second = scores.filter((_, i) => isSecond(i));
  const first = scores.filter((_, i) => !isSecond(i));
  const pairs = second.flatMap((b) => first.map((a) => (b > a ? 1 : b === a ? 0.5 : 0)));
  return pairs.reduce((sum: number, pair) => sum + pair, 0) / pairs.length;
}
