import { describe, expect, it } from "vitest";
import { configurationsOf } from "../../src/planner/configuration.ts";
import { changeSettings } from "../../src/platform/training/change-settings.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { parseOverride } from "../../src/spec/overrides.ts";
import { scene, table } from "../simulation/simulated-run.ts";

const data = { source: "table.csv", target: "y" };
const many = { rows: 10_000, sparse: false };

describe("auto in a spec", () => {
  it("is told apart from what is said, and leaves nothing behind where nothing is open", () => {
    const spec = resolveSpec({ problem: "ridge", data, workers: "auto", encoding: "auto" });
    expect(spec.auto).toEqual(["workers", "encoding"]);
    expect(spec.workers).toBe(16);
    expect(resolveSpec({ problem: "ridge", data, wait: { fastest: 3 } })).not.toHaveProperty(
      "auto",
    );
  });

  it("cannot be said of a run that has begun", async () => {
    const { record, store } = await scene({ problem: "ridge", workers: 2 }, table(64, 2, 1));
    const settings = [parseOverride("wait=auto", "--set")];
    await expect(changeSettings(store, record, settings)).rejects.toThrow(/a run's beginning/);
  });
});

describe("settings that are considered", () => {
  const of = (spec: object, about = many) => {
    const resolved = resolveSpec({ data, ...spec });
    return configurationsOf(resolved, resolved.auto ?? [], about);
  };

  it("are the one that is said where nothing is open", () => {
    const only = of({ problem: "ridge", workers: 5, wait: "all", encoding: "uncoded" });
    expect(only).toEqual([{ workers: 5, wait: "all", encoding: { type: "uncoded" } }]);
  });

  it("always hold not encoding and waiting for all", () => {
    for (const problem of ["ridge", "logistic"]) {
      const settings = of({ problem, workers: 8, wait: "auto", encoding: "auto" });
      expect(settings).toContainEqual({ workers: 8, wait: "all", encoding: { type: "uncoded" } });
    }
  });

  it("mix no rows where the loss or the data forbid it", () => {
    const types = (problem: string, sparse: boolean) => {
      const spec = { problem, workers: 8, wait: "auto", encoding: "auto" };
      return new Set(of(spec, { rows: 10_000, sparse }).map(({ encoding }) => encoding.type));
    };
    expect(types("ridge", false)).toContain("hadamard");
    expect(types("ridge", true)).not.toContain("hadamard");
    expect(types("logistic", false)).not.toContain("hadamard");
  });

  it("hear as many stored rows as there are data rows, where rows are mixed", () => {
    for (const { encoding, wait } of of({
      problem: "ridge",
      workers: 16,
      wait: "auto",
      encoding: "auto",
    })) {
      if (encoding.type !== "hadamard" || typeof wait === "string" || !("fastest" in wait))
        continue;
      expect(wait.fastest * Number(encoding.redundancy)).toBeGreaterThanOrEqual(16);
    }
  });

  it("hold to what is said: a quorum of twelve needs more than eight workers", () => {
    const crowds = of({ problem: "ridge", workers: "auto", wait: { fastest: 12 } });
    expect(Math.min(...crowds.map(({ workers }) => workers))).toBe(16);
    const few = of({ problem: "ridge", workers: "auto", wait: "all" }, { rows: 70, sparse: false });
    expect(few.map(({ workers }) => workers)).toEqual([4, 8]);
  });
});
