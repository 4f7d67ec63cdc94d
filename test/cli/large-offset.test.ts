import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kofn, newFolder } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

describe("a target with a large offset", () => {
  const offset = 5_500_000.25;
  const target = (i: number) => offset + (((i * 37) % 100) - 49.5) / 100;

  beforeAll(async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `${(i * 37) % 100},${target(i)}`);
    await writeFile(at("far.csv"), `x,y\n${lines.join("\n")}\n`);
    const text =
      "problem: { type: ridge, l2: 0 }\nworkers: 4\nwait: all\n" +
      "data: { source: far.csv, target: y, test: 0.2 }\n";
    await writeFile(at("far.yaml"), text);
    const { err, exitCode } = await kofn(at("offset"), "simulate", at("far.yaml"), "--name", "far");
    expect(exitCode, err).toBe(0);
  });

  it("comes back in predictions, to the digits that double has", async () => {
    const { out, err } = await kofn(at("offset"), "predict", "far", at("far.csv"));
    const predicted = out.trimEnd().split("\n").slice(1);
    expect(predicted).toHaveLength(100);
    for (const [i, line] of predicted.entries())
      expect(Math.abs(Number(line.split(",")[1]) - target(i))).toBeLessThan(1e-6);
    expect(err).toMatch(/against 100 known targets: rmse \d\.\d+e-\d+ +mae \S+ +r2 1\.0000/);
  });

  it("is in every export's intercept", async () => {
    const take = async (format: string, name: string) => {
      const args = ["export", "far", "--format", format, "--output", at(name)];
      expect((await kofn(at("offset"), ...args)).exitCode).toBe(0);
    };
    await take("json", "far.json");
    const { intercept, coefficients } = JSON.parse(await readFile(at("far.json"), "utf8"));
    expect(coefficients[0].original).toBeCloseTo(0.01, 7);
    expect(intercept.original).toBeCloseTo(offset - 0.495, 6);
    await take("npy", "far.npy");
    const bytes = await readFile(at("far.npy"));
    expect(bytes.toString("latin1")).toContain("'descr': '<f8'");
    expect(bytes.readDoubleLE(bytes.length - 8)).toBeCloseTo(intercept.original, 9);
    await take("tfjs", "far-tfjs");
    const weights = await readFile(join(at("far-tfjs"), "weights.bin"));
    // Mean, variance, kernel, bias: rows are standardised in front of the dense layer.
    expect(weights.readFloatLE(12)).toBe(Math.fround(intercept.standardized));
  });
});
