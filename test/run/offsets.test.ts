import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { finishRun } from "../../src/run/finish.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import { scene, segment } from "../simulation/simulated-run.ts";

/** Rows of `y = offset + slope z + noise`, and the r2 that a fit in double precision has. */
function linear(offset: number, slope: number, noise: number) {
  const random = randomFrom("linear");
  const z = Array.from({ length: 400 }, () => random.normal());
  const y = z.map((one) => offset + slope * one + noise * random.normal());
  const mean = ([first = 0, ...rest]: readonly number[]) =>
    first + rest.reduce((sum, value) => sum + (value - first), 0) / (rest.length + 1);
  const [away, far] = [z, y].map((values) => values.map((one) => one - mean(values)));
  const product = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, one, i) => sum + one * b[i]!, 0);
  const [zz, zy, yy] = [product(away!, away!), product(away!, far!), product(far!, far!)];
  const text = `z,y\n${z.map((one, i) => `${one},${y[i]}`).join("\n")}\n`;
  return { text, slope: zy / zz, r2: (zy * zy) / (zz * yy) };
}

async function trained(spec: object, text: string) {
  const start = await scene({ problem: { type: "ridge", l2: 0 }, workers: 4, ...spec }, text);
  const warnings: string[] = [];
  const listen = (event: RunEvent) => {
    if (event.type === "warning" && /digits/.test(event.message)) warnings.push(event.message);
  };
  const end = await segment(start, { listen });
  const { prepared } = start.staged;
  const { metrics } = await finishRun(start.record, prepared, end, start.store);
  return { r2: metrics.train.r2!, weights: wholeWeights(end.model), prepared, warnings };
}

const data = { source: "table.csv", target: "y" };

describe("targets with a large offset", () => {
  it.each([
    { name: "five millions", offset: 5_500_000.25, slope: 0.5, noise: 0.0005 },
    { name: "seconds since 1970", offset: 1.7e9, slope: 3, noise: 0.5 },
    { name: "milliseconds since 1970", offset: 1.7e12, slope: 40, noise: 1 },
    { name: "far below zero", offset: -1.7e11, slope: 1, noise: 0.01 },
  ])("$name: fitted as in double precision", async ({ offset, slope, noise }) => {
    const { text, ...double } = linear(offset, slope, noise);
    for (const wait of ["all", { fastest: 3 }]) {
      const spec = { wait, strategy: { type: "rounds", exact: wait !== "all" } };
      const { r2, weights, prepared, warnings } = await trained(spec, text);
      expect(r2).toBeCloseTo(double.r2, 8);
      const plan = prepared.preparation.columns[0]!;
      const deviation = plan.kind === "numeric" ? plan.deviation : Number.NaN;
      expect(weights[0]! / deviation / double.slope).toBeCloseTo(1, 5);
      expect(prepared.preparation.target.offset! / offset).toBeCloseTo(1, 3);
      expect(warnings).toEqual([]);
    }
  });

  it("of LIBSVM rows are centred too, and their features scaled", async () => {
    const { text, r2 } = linear(5_500_000.25, 0.5, 0.0005);
    const rows = text.trimEnd().split("\n").slice(1);
    const libsvm = rows.map((row) => {
      const [z, y] = row.split(",").map(Number);
      return `${y} 1:${2000 + 30 * z!} 7:${1e-4 * Math.sin(z!)}`;
    });
    const plain = { source: "table.csv", format: "libsvm" };
    const spec = { wait: "all", encoding: "replication", data: { ...plain, target: undefined } };
    const found = await trained(spec, `${libsvm.join("\n")}\n`);
    expect(found.prepared.preparation).toMatchObject({ sparse: true, target: { name: "label" } });
    expect(found.r2).toBeCloseTo(r2, 6);
    const { deviations } = found.prepared.preparation;
    expect(found.prepared.scales!.means[0]! * deviations![0]!).toBeCloseTo(2000, -1);
    expect(found.prepared.scales!.deviations).toHaveLength(7);
  });

  it("stay as they are, and say what they lose, where no intercept could take it", async () => {
    const { text } = linear(1.7e11, 1, 0.01);
    const spec = { wait: "all", data: { ...data, intercept: false } };
    const { r2, prepared, warnings } = await trained(spec, text);
    expect(prepared.preparation.target).toEqual({ name: "y", classes: null });
    expect(r2).toBeLessThanOrEqual(1);
    expect(warnings).toEqual([
      expect.stringMatching(/^y: its numbers lie around 170000000000 and 1\.\d+ apart/),
    ]);
  });

  it("are left alone where they are near zero: the same rows under the same name", async () => {
    const { text } = linear(3, 1, 0.5);
    const { prepared } = await trained({}, text);
    const { prepared: classes } = await trained({ problem: "lasso" }, text);
    expect(prepared.preparation.target).toEqual({ name: "y", classes: null });
    expect(prepared.train).toEqual(classes.train);
  });
});

describe("features that are not standardised", () => {
  it("with a large offset are centred before they are stored", async () => {
    const random = randomFrom("seconds");
    const lines = Array.from({ length: 300 }, () => {
      const day = 1000 * random.uniform();
      const told = Number(day + 60 * random.normal() > 500);
      return `${1.7e9 + 86_400 * day},${random.normal()},c${told}`;
    });
    const text = `at,x,y\n${lines.join("\n")}\n`;
    const results = await Promise.all(
      [true, false].map(async (standardize) => {
        const spec = { problem: { type: "logistic", l2: 0 }, data: { ...data, standardize } };
        const start = await scene({ workers: 4, wait: "all", ...spec }, text);
        const { prepared } = start.staged;
        const end = await segment(start);
        return { end, ...(await finishRun(start.record, prepared, end, start.store)) };
      }),
    );
    const [scaled, plain] = results;
    expect(scaled!.metrics.train.accuracy).toBeGreaterThan(0.9);
    expect(plain!.metrics.train.accuracy).toBeCloseTo(scaled!.metrics.train.accuracy!, 2);
    expect(plain!.objective / scaled!.objective).toBeCloseTo(1, 6);
    expect(plain!.rounds).toBeLessThanOrEqual(scaled!.rounds + 3);
  });

  it("say what they lose where they cannot be", async () => {
    const random = randomFrom("no intercept");
    const lines = Array.from({ length: 50 }, () => `${1.7e9 + random.normal()},${random.normal()}`);
    const spec = { data: { ...data, standardize: false, intercept: false } };
    const { warnings } = await trained(spec, `at,y\n${lines.join("\n")}\n`);
    expect(warnings).toEqual([expect.stringMatching(/^at: its numbers lie around 1700000000 and/)]);
  });
});
