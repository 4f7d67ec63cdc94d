import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { linearCoefficients } from "../../src/model-export/coefficients.ts";
import { modelInSafetensors } from "../../src/model-export/safetensors-file.ts";
import { kofn, newFolder } from "./fixtures.ts";

/*
 * The same numbers as a table and as LIBSVM rows. An intercept takes up what centring takes from
 * features, so that both are the same model once both are scaled: dense rows check sparse ones.
 */

let folder: Awaited<ReturnType<typeof newFolder>>;
const at = (name: string) => join(folder.path, name);
const home = () => at("home");

beforeAll(async () => {
  folder = await newFolder();
  const random = randomFrom("sparse");
  // One feature in thousands, one that is rare, one that is always the same, one that is never.
  const rows = Array.from({ length: 80 }, () => {
    const features = [
      random.uniform() < 0.6 ? Math.round(3000 * random.uniform()) : 0,
      random.uniform() < 0.2 ? 0.01 : 0,
      7,
      0,
      Math.round(8 * random.normal()) / 8,
    ];
    const y = 2 + features[0]! / 1000 - 90 * features[1]! + features[4]! + 0.1 * random.normal();
    return { features, y };
  });
  const dense = rows.map(({ features, y }) => [...features, y].join(","));
  const sparse = rows.map(({ features, y }) => {
    const entries = features.flatMap((value, j) => (value === 0 ? [] : [`${j + 1}:${value}`]));
    return [y, ...entries].join(" ");
  });
  await writeFile(at("rows.csv"), `a,b,c,d,e,y\n${dense.join("\n")}\n`);
  await writeFile(at("rows.libsvm"), `${sparse.join("\n")}\n`);
  const common =
    "problem: { type: ridge, l2: 0.1 }\nworkers: 4\nwait: all\nencoding: replication\n" +
    "stop: { rounds: 200, tolerance: 1e-9 }\n";
  await writeFile(at("dense.yaml"), `${common}data: { source: rows.csv, target: y, test: 0 }\n`);
  await writeFile(
    at("sparse.yaml"),
    `${common}data: { source: rows.libsvm, test: 0, features: 5 }\n`,
  );
  for (const name of ["dense", "sparse"]) {
    const { err, exitCode } = await kofn(home(), "simulate", at(`${name}.yaml`), "--name", name);
    expect(exitCode, err).toBe(0);
  }
});
afterAll(() => folder.remove());

describe("sparse rows that are standardised", () => {
  it("are scaled, not centred, at predict too: they predict what dense ones do", async () => {
    const predicted = async (run: string, file: string) => {
      const { out, exitCode, err } = await kofn(home(), "predict", run, at(file));
      expect(exitCode, err).toBe(0);
      const lines = out.trimEnd().split("\n").slice(1);
      return lines.map((line) => Number(line.split(",")[1]));
    };
    const [dense, sparse] = [
      await predicted("dense", "rows.csv"),
      await predicted("sparse", "rows.libsvm"),
    ];
    expect(sparse).toHaveLength(80);
    for (const [i, value] of sparse.entries())
      expect(Math.abs(value - dense[i]!)).toBeLessThan(1e-5);
  });

  it("show and export coefficients in the file's units, and per deviation", async () => {
    const shown = async (run: string) => {
      const { out } = await kofn(home(), "show", run, "--model", "--json");
      const { coefficients, intercept } = JSON.parse(out.trim().split("\n").at(-1)!);
      return { coefficients, intercept } as {
        coefficients: { original: number; standardized: number }[];
        intercept: { original: number };
      };
    };
    const [dense, sparse] = [await shown("dense"), await shown("sparse")];
    for (const j of [0, 1, 4])
      for (const unit of ["original", "standardized"] as const)
        expect(sparse.coefficients[j]![unit] / dense.coefficients[j]![unit]).toBeCloseTo(1, 4);
    expect(sparse.coefficients[0]!.original).toBeGreaterThan(5e-4);
    expect(sparse.coefficients[0]!.original).toBeLessThan(1e-3);
    const args = ["export", "sparse", "--format", "npy", "--output", at("sparse.npy")];
    expect((await kofn(home(), ...args)).exitCode).toBe(0);
    const bytes = await readFile(at("sparse.npy"));
    const values = Array.from({ length: 6 }, (_, j) =>
      bytes.readDoubleLE(bytes.length - 48 + 8 * j),
    );
    expect(values.slice(0, 5)).toEqual(sparse.coefficients.map(({ original }) => original));
    expect(values[5]).toBeCloseTo(sparse.intercept.original, 9);
  });

  it("come back from an exported file as they were", async () => {
    const args = [
      "export",
      "sparse",
      "--format",
      "safetensors",
      "--output",
      at("model.safetensors"),
    ];
    expect((await kofn(home(), ...args)).exitCode).toBe(0);
    const model = modelInSafetensors(await readFile(at("model.safetensors")), "the file");
    expect(model.preparation.deviations).toHaveLength(5);
    const { coefficients } = linearCoefficients(model.weights, model.preparation);
    const { out } = await kofn(home(), "show", "sparse", "--model", "--json");
    expect(coefficients).toEqual(JSON.parse(out.trim().split("\n").at(-1)!).coefficients);
  });
});
