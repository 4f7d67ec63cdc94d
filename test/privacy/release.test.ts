import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rdpEpsilon } from "../../src/privacy/accountants/rdp.ts";
import { openLedger } from "../../src/privacy/ledger/ledger.ts";
import {
  calibrateRelease,
  lowerBound,
  type ReleaseRequest,
} from "../../src/privacy/release/calibrate.ts";
import { publishRelease } from "../../src/privacy/release/publish-release.ts";
import type { MechanismUse } from "../../src/privacy/release.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { jsonLines, kofn, newFolder } from "../cli/fixtures.ts";

const spec = `
problem: { type: ridge, l2: 0.0001 }
data: { generate: { type: regression, rows: 5000, features: 4 }, target: y, standardize: false }
workers: 4
wait: all
encoding: uncoded
stop: { rounds: 30 }
`;
const ranges = JSON.stringify({ y: [-5, 5], x0: [-3, 3], x1: [-3, 3], x2: [-3, 3], x3: [-3, 3] });
const sketch = ["--scheme", "projection", "--epsilon", "1", "--delta", "1e-5"];

describe("kofn release", () => {
  let folder: Awaited<ReturnType<typeof newFolder>>;
  let home: string;
  let specPath: string;
  let rangesPath: string;

  beforeAll(async () => {
    folder = await newFolder();
    home = join(folder.path, "home");
    specPath = join(folder.path, "spec.yaml");
    rangesPath = join(folder.path, "ranges.json");
    await writeFile(specPath, spec);
    await writeFile(rangesPath, ranges);
  });

  afterAll(() => folder.remove());

  const release = (...more: string[]) =>
    kofn(home, "release", specPath, "--ranges", rangesPath, ...more);

  it("publishes mixtures that train like data, the same ones when asked again", async () => {
    const first = join(folder.path, "first.csv");
    const second = join(folder.path, "second.csv");
    const ended = await release(
      ...sketch,
      "--least-eigenvalue",
      "private",
      "--output",
      first,
      "--json",
    );
    expect(ended.exitCode).toBe(0);
    const [result] = jsonLines(ended.out);
    expect(result!.rows).toBe(20 * 6);
    const releases = result!.releases as MechanismUse[];
    expect(releases.map(({ mechanism }) => mechanism)).toEqual(["gaussian", "sketch"]);
    // The noised eigenvalue's failure takes a tenth of delta.
    expect(rdpEpsilon(releases, 0.9e-5).value).toBeLessThanOrEqual(1);
    expect(rdpEpsilon(releases, 0.9e-5).value).toBeGreaterThan(0.99);
    const again = await release(...sketch, "--least-eigenvalue", "private", "--output", second);
    expect(again.out).toMatch(/spent +epsilon 0\.8\d+ on/);
    expect(await readFile(second)).toEqual(await readFile(first));
    const data = `{source: ${first}, target: y, standardize: false, intercept: false}`;
    const run = await kofn(
      home,
      "run",
      specPath,
      "--backend",
      "threads",
      "--set",
      `data=${data}`,
      "--json",
    );
    expect(run.exitCode).toBe(0);
    expect(jsonLines(run.out).at(-1)).toMatchObject({ type: "result" });
  });

  it("refuses what the budget of these data does not hold, and releases nothing", async () => {
    const ended = await release(...sketch, "--rows", "70", "--budget", "0.5");
    expect(ended.exitCode).toBe(4);
    expect(ended.err).toMatch(/budget is 0.5/);
  });

  it("forecasts both schemes, and tells that the forecast is no release", async () => {
    const ended = await release(...sketch, "--forecast", "--json");
    const [result] = jsonLines(ended.out);
    expect(result!.wins).toBe("projection");
    expect(result!.projectionAtBest).toBeLessThan(result!.additive as number);
    expect(result!.projection).toBeGreaterThanOrEqual(result!.projectionAtBest as number);
    expect(ended.err).toMatch(/for their owner's eyes/);
  });

  it("names the unit of mutual information, and calls it weak", async () => {
    const ended = await release("--scheme", "additive", "--epsilon", "0.1", "--unit", "bits");
    expect(ended.out).toMatch(/deviation 2\.59327/);
    expect(ended.out).toMatch(/at most 0\.1 bits, a weak promise/);
  });

  it.each([
    [[...sketch.slice(0, 4)], /neither --delta nor --unit/],
    [[...sketch, "--unit", "bits"], /neither with --delta/],
    [[...sketch, "--adjacency", "add-remove"], /known under zero-out/],
    [["--scheme", "additive", ...sketch.slice(2), "--adjacency", "add-remove"], /can be counted/],
    [["--scheme", "sketching", ...sketch.slice(2)], /--scheme: expected one of projection/],
    [[...sketch, "--rows", "3"], /--rows: expected at least 6/],
    [[...sketch, "--set", "data.standardize=true"], /learned from the data/],
    [[...sketch, "--set", "data.missing=impute"], /learned from the data/],
    [[...sketch, "--ranges", "none.json"], /none\.json/],
    [[...sketch, "--bound", "zero"], /--bound: expected a number above 0/],
  ])("refuses %j", async (more, message) => {
    const ended = await release(...more);
    expect(ended.exitCode).toBe(2);
    expect(ended.err).toMatch(message);
  });
});

describe("noise for a sketch", () => {
  const request: ReleaseRequest = {
    scheme: "projection",
    guarantee: { kind: "differential", epsilon: 1, delta: 1e-5, adjacency: "zero-out" },
    bound: 2,
    columns: 3,
    rows: 100,
    hidden: 0,
  };

  it("is the margin times the squared norm, less what other rows hide", () => {
    expect(calibrateRelease(request).variance).toBeCloseTo(4 * 31.660987, 4);
    expect(calibrateRelease({ ...request, hidden: 100 }).variance).toBeCloseTo(
      4 * 31.660987 - 100,
      4,
    );
    // Where they hide enough, no noise is needed, and less than the budget is spent.
    const plenty = calibrateRelease({ ...request, hidden: 400 });
    expect(plenty.variance).toBe(0);
    expect(rdpEpsilon(plenty.releases, 1e-5).value).toBeCloseTo(0.314726892, 7);
  });

  it("does not trust a noised eigenvalue more than its noise allows", () => {
    expect(lowerBound(1_000, 10, 0.0013498980316301)).toBeCloseTo(970, 6);
    expect(lowerBound(5, 10, 1e-6)).toBe(0);
  });

  it("is charged before anything is published, and once", async () => {
    const store = memoryStore();
    const table = {
      rows: 4,
      columns: 3,
      values: Float64Array.from({ length: 12 }, (_, i) => i / 12),
    };
    const source = { store, digest: "d", names: ["a", "b", "y"], table, shaping: {}, budget: 1.2 };
    const first = await publishRelease(source, request, "given");
    const again = await publishRelease(source, request, "given");
    expect(again.csv).toEqual(first.csv);
    expect(again.spent).toBe(first.spent);
    const other = publishRelease(source, { ...request, rows: 101 }, "given");
    await expect(other).rejects.toThrow(/budget is 1.2/);
    expect((await store.list("released/")).length).toBe(1);
  });

  it("stays what it was when it was charged, with more noise than is needed by now", async () => {
    const table = { rows: 4, columns: 3, values: new Float64Array(12).fill(0.5) };
    const from = { digest: "d", names: ["a", "b", "y"], table, shaping: {}, budget: 1.2 };
    const { key } = await publishRelease({ ...from, store: memoryStore() }, request, "given");
    const store = memoryStore();
    const ledger = openLedger(store, "ledgers/d/", { epsilon: 9, delta: 1e-5, account: () => 1 });
    // By Renyi's orders a hundred rows took a margin of 35.17.
    const release = {
      mechanism: "sketch",
      adjacency: "zero-out",
      rows: 100,
      margin: 35.17,
    } as const;
    await ledger.reserve({ id: key, release, unit: "record", observers: "whoever reads it", key });
    const bytes = Uint8Array.of(1, 2, 3);
    await store.writeOnce(key, bytes);
    const again = await publishRelease({ ...from, store }, request, "given");
    expect(again.csv).toEqual(bytes);
    expect(again.calibrated.variance).toBeCloseTo(4 * 35.17, 9);
    expect(again.spent).toBeLessThan(0.9);
  });
});
