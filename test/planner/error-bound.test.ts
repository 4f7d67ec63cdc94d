import { describe, expect, it } from "vitest";
import { encodings } from "../../src/encoding/registry.ts";
import { errorBound, frameCondition, frameEdges, worstGap } from "../../src/planner/error-bound.ts";

const shape = { rows: 1024, columns: 100, workers: 32 };

/** Edges (g + h - 2gh -+ 2 sqrt(gh(1-g)(1-h))) / h: Wachter 1980; Haikin, Zamir, Gavish 2017. */
describe("the law of random sub-frames", () => {
  it.each([
    [0.625, 0.0254, 1.6],
    [0.75, 0.0893, 1.333],
    [0.875, 0.1935, 1.143],
  ])("redundancy 2, share %f", (heard, least, largest) => {
    const edges = frameEdges(2, heard);
    expect(edges.least).toBeCloseTo(least, 4);
    expect(edges.largest).toBeCloseTo(largest, 3);
  });

  it.each([
    [2, 0.625, 63],
    [2, 0.75, 14.9],
    [2, 0.875, 5.9],
    [2, 0.9375, 3.9],
    [3, 0.625, 11.7],
    [3, 0.875, 3.2],
    [4, 0.5, 13.9],
    [4, 0.75, 4.0],
    [1.5, 0.75, 119],
  ])("condition for redundancy %f, share %f", (redundancy, heard, kappa) => {
    expect(frameCondition(redundancy, heard) / kappa).toBeCloseTo(1, 1);
  });

  it("promises nothing where fewer rows are heard than there are data", () => {
    expect(frameCondition(2, 0.5)).toBe(Number.POSITIVE_INFINITY);
    expect(frameCondition(2, 0.375)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("what an encoding's result may be off by", () => {
  const of = (chosen: { type: string; [option: string]: unknown }, heard: number) =>
    errorBound(encodings.create(chosen), heard, shape);

  it("is (kappa - 1)^2 / (4 kappa) at worst, and (p/n)(1 - h)/(b h) typically, for frames", () => {
    const { worst, typical } = of({ type: "hadamard" }, 0.75);
    expect(worst).toBeCloseTo(worstGap(frameCondition(2, 0.75)), 12);
    expect(worst).toBeGreaterThan(3);
    // Measured in test/vectors/high-leverage.test.ts for rows alike: .019.
    expect(typical).toBeCloseTo((100 / 1024) * (0.25 / 1.5), 12);
  });

  it("knows no worst case for copies, and how rarely all of them are missing", () => {
    const uncoded = of({ type: "uncoded" }, 0.75);
    expect(uncoded.worst).toBe(Number.POSITIVE_INFINITY);
    // Measured in test/vectors/high-leverage.test.ts: .042 and .007.
    expect(Math.abs(uncoded.typical / 0.042 - 1)).toBeLessThan(0.3);
    const twice = of({ type: "replication" }, 0.75);
    expect(Math.abs(twice.typical / 0.007 - 1)).toBeLessThan(0.3);
  });

  it("is nothing where all slots are heard, or a code waits until it is exact", () => {
    expect(of({ type: "hadamard" }, 1)).toEqual({ worst: 0, typical: 0 });
    expect(of({ type: "uncoded" }, 1)).toEqual({ worst: 0, typical: 0 });
    expect(of({ type: "gradient-code" }, 0.75)).toEqual({ worst: 0, typical: 0 });
    expect(of({ type: "gaussian" }, 1).typical).toBeGreaterThan(0);
    expect(of({ type: "gradient-code", approximate: true }, 0.75).worst).toBe(Infinity);
  });
});
