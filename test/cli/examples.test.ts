import { execFileSync } from "node:child_process";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, kofn, newFolder } from "./fixtures.ts";

const examples = fileURLToPath(new URL("../../examples", import.meta.url));

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
});
afterAll(() => folder.remove());

type Metrics = Record<string, number>;

async function trained(spec: string): Promise<{ train: Metrics; test: Metrics }> {
  const ended = await kofn(home, "simulate", join(examples, spec), "--json");
  expect(ended.exitCode, ended.err).toBe(0);
  return jsonLines(ended.out).at(-1)!.metrics as { train: Metrics; test: Metrics };
}

describe("the examples", () => {
  it("houses: prices are right up to their noise", async () => {
    expect((await trained("houses/run.yaml")).test.r2).toBeGreaterThan(0.97);
  });

  it("churn: most of those who leave are found", async () => {
    expect((await trained("churn/run.yaml")).test.accuracy).toBeGreaterThan(0.78);
  });

  it("sparse: better than the commoner class", async () => {
    expect((await trained("sparse/run.ts")).test.accuracy).toBeGreaterThan(0.65);
  });

  it("few bits: as good as sending every weight", async () => {
    const { train, test } = await trained("few-bits/run.yaml");
    expect(train.logloss).toBeLessThan(0.37);
    expect(test.accuracy).toBeGreaterThan(0.84);
  });

  it("private records: useful, within the budget, no loss of raw rows published", async () => {
    const { train, test } = await trained("private-records/run.yaml");
    expect(test.accuracy).toBeGreaterThan(0.7);
    expect(train).toEqual({});
  });

  it("films: better than the mean of all ratings by far", async () => {
    const { test, train } = await trained("films/run.yaml");
    expect(test.r2).toBeGreaterThan(0.6);
    expect(train.rmse).toBeLessThan(test.rmse!);
  });

  it("dead workers: the optimum, where plain features miss much of it", async () => {
    const args = ["--backend", "simulated", "--vary", "encoding=uncoded,hadamard", "--json"];
    const ended = await kofn(home, "compare", join(examples, "dead-workers/run.yaml"), ...args);
    const { settings } = jsonLines(ended.out).at(-1) as { settings: { gap: number }[] };
    expect(settings[0]!.gap).toBeGreaterThan(0.3);
    expect(settings[1]!.gap).toBe(0);
  });

  it("sensors: few weights are left, at the optimum itself", async () => {
    const { train, test } = await trained("sensors/run.yaml");
    expect(train.nonzero).toBeLessThan(25);
    expect(test.r2).toBeGreaterThan(0.9);
  });

  it("waiting for the fastest twelve loses a thousandth of the objective at most", async () => {
    const args = ["--backend", "simulated", "--vary", "wait=all,{fastest: 12}", "--json"];
    const ended = await kofn(home, "compare", join(examples, "houses/run.yaml"), ...args);
    const { settings } = jsonLines(ended.out).at(-1) as {
      settings: { gap: number; speedUp: number }[];
    };
    expect(settings[1]!.gap).toBeLessThan(1e-3);
    expect(settings[1]!.speedUp).toBeGreaterThan(2);
  });

  it.each([
    ["houses", "houses.csv"],
    ["churn", "customers.csv"],
    ["sensors", "sensors.csv"],
    ["films", "ratings.csv"],
  ])("%s: the script writes the committed data again", async (name, data) => {
    const copy = join(folder.path, name);
    await cp(join(examples, name), copy, { recursive: true });
    execFileSync(process.execPath, [join(copy, "make-data.ts")]);
    expect(await readFile(join(copy, data), "utf8")).toBe(
      await readFile(join(examples, name, data), "utf8"),
    );
  });
});
