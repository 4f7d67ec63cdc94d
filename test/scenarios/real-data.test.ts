import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Prepared } from "../../src/data/manifests.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { readEncodedManifest } from "../../src/worker/worker-context.ts";
import { campaign } from "../campaign.ts";
import { realData } from "../data/fixtures.ts";
import { runOn, temporaryHome } from "./workplace.ts";

const folder = realData;
const at = (name: string) => join(folder ?? "", name);

const title = folder === null ? "real data: skipped, KOFN_DATA names no folder" : "real data";

/** That both come to the same bits is tested elsewhere. */
const backend = campaign("simulated", "emulated");

describe.skipIf(folder === null)(title, () => {
  const diabetes = {
    problem: { type: "ridge", l2: 0.05 },
    data: { source: at("diabetes.csv"), target: "progression", test: 0.2 },
    workers: 16,
    encoding: "hadamard",
  };

  test("diabetes, waiting for all: the closed form's objective to 1e-8", async () => {
    await using home = await temporaryHome();
    const spec = { ...diabetes, wait: "all", stop: { rounds: 40, tolerance: 0 } };
    const { result, record } = await runOn(backend, home.path, {
      ...spec,
      weather: { model: "calm" },
    });
    const optimum = await closedForm(home.path, record.prepared, 0.05);
    expect(Math.abs(result.objective / optimum - 1)).toBeLessThan(1e-8);
  });

  test("diabetes, 12 of 16 under weather: within 5 %", async () => {
    await using home = await temporaryHome();
    const spec = { ...diabetes, wait: { fastest: 12 }, stop: { rounds: 40, tolerance: 0 } };
    const { result, record } = await runOn(backend, home.path, spec);
    const optimum = await closedForm(home.path, record.prepared, 0.05);
    expect(result.erasures).toBeGreaterThan(0);
    expect(result.objective / optimum - 1).toBeLessThan(0.05);
    expect(result.objective).toBeGreaterThanOrEqual(optimum);
  });

  test("breast cancer, logistic over replication: test accuracy of 0.95 and more", async () => {
    await using home = await temporaryHome();
    const { result } = await runOn("simulated", home.path, {
      problem: { type: "logistic", l2: 0.01 },
      data: { source: at("breast_cancer.csv"), target: "benign", test: 0.25 },
      encoding: "replication",
      wait: { fastest: 12 },
      stop: { rounds: 40 },
    });
    expect(result.metrics.test.accuracy).toBeGreaterThanOrEqual(0.95);
  });

  test("agaricus, sparse, with a test file: accuracy of 0.999 and nothing made dense", async () => {
    await using home = await temporaryHome();
    const { result, record } = await runOn("simulated", home.path, {
      problem: { type: "logistic", l2: 1e-4 },
      data: { source: at("agaricus.train.libsvm"), test: at("agaricus.test.libsvm") },
      encoding: "replication",
      stop: { rounds: 60 },
    });
    expect(result.metrics.test.accuracy).toBeGreaterThanOrEqual(0.999);
    const opened = await openHome(home.path);
    const prepared = await readEncodedManifest<Prepared>(opened.store, record.prepared);
    const { rows } = await readExamples(opened.store, prepared.train, prepared.columns);
    await opened.close();
    expect(rows.kind).toBe("sparse");
    // 22 features a row and the intercept: a dense copy would have 127 a row.
    expect(rows.values.length).toBe(prepared.rows * 23);
  });
});

/** The optimum's objective by normal equations in double precision, from the prepared rows. */
async function closedForm(home: string, key: string, l2: number): Promise<number> {
  const opened = await openHome(home);
  const prepared = await readEncodedManifest<Prepared>(opened.store, key);
  const { rows, targets } = await readExamples(opened.store, prepared.train, prepared.columns);
  await opened.close();
  const [n, p] = [rows.rows, rows.columns];
  const a = Array.from({ length: p }, () => new Float64Array(p + 1));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < p; j++) {
      for (let k = 0; k < p; k++)
        a[j]![k]! += (rows.values[i * p + j]! * rows.values[i * p + k]!) / n;
      a[j]![p]! += (rows.values[i * p + j]! * targets[i]!) / n;
    }
  }
  for (let j = 0; j < p - 1; j++) a[j]![j]! += l2;
  const w = solved(a);
  let objective = 0;
  for (let i = 0; i < n; i++) {
    let residual = -targets[i]!;
    for (let j = 0; j < p; j++) residual += rows.values[i * p + j]! * w[j]!;
    objective += residual ** 2 / (2 * n);
  }
  for (let j = 0; j < p - 1; j++) objective += (l2 / 2) * w[j]! ** 2;
  return objective;
}

/** Gauss-Jordan elimination with row pivoting. */
function solved(a: Float64Array[]): number[] {
  const p = a.length;
  for (let j = 0; j < p; j++) {
    let pivot = j;
    for (let i = j + 1; i < p; i++) if (Math.abs(a[i]![j]!) > Math.abs(a[pivot]![j]!)) pivot = i;
    [a[j], a[pivot]] = [a[pivot]!, a[j]!];
    for (let i = 0; i < p; i++) {
      if (i === j) continue;
      const factor = a[i]![j]! / a[j]![j]!;
      for (let k = j; k <= p; k++) a[i]![k]! -= factor * a[j]![k]!;
    }
  }
  return a.map((row, j) => row[p]! / row[j]!);
}
