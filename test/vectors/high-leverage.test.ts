import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Encoding } from "../../src/encoding/encoding.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { dot } from "../../src/math/vector.ts";
import { type Matrix, matrix, row, solve } from "../contracts/dense.ts";
import { type StoredCode, storedCode } from "../contracts/stored-code.ts";
import { normalBySlot, normalOf, objective, sumOf, weightsOf } from "./normal-equations.ts";

/*
 * Sixteen rows of high leverage among 1024, 100 columns, 24 of 32 slots, 400 draws: how far least
 * squares over what replied is above the least, f(w_A)/f* - 1. The set-up asked for by the review
 * of Karakus, Sun, Diggavi, Yin at NeurIPS 2017; codes as a run stores them, in chunks.
 */

const rows = 1024;
const columns = 100;
const workers = 32;
const random = randomFrom("leverage");
const heavy = new Set(random.fork("heavy").permutation(rows).subarray(0, 16));
const even = regression(() => 1);
const uneven = regression((i) => (heavy.has(i) ? 200 : 1));

interface Excess {
  readonly code: string;
  readonly median: number;
  readonly p95: number;
  readonly worst: number;
  /** With every row alike, over fewer draws. */
  readonly evenMedian: number;
}

const measured = new Map<string, Excess>();

beforeAll(() => {
  for (const { name: type } of encodings.members) measure(type, encodings.create(chosen(type)));
  const steiner = encodings.create({ type: "steiner", ...{ chunk: 496 } });
  measure("steiner, a block to a slot", steiner, (code) => ({
    ...code,
    slots: code.slots.map((_, i) => (i >> 5) % workers),
  }));
  console.table([...measured.values()]);
});

describe("the worst of 400 draws of 24 of 32 slots", () => {
  test.each(["hadamard", "hadamard-etf", "paley", "steiner"])("%s: at most .05", (type) => {
    expect(measured.get(type)!.worst).toBeLessThan(0.05);
  });

  test.each(["uncoded", "replication", "gradient-code", "steiner, a block to a slot"])(
    "%s: at least 5",
    (type) => {
      expect(measured.get(type)!.worst).toBeGreaterThan(5);
    },
  );

  test("haar: above .05, since what only coarse rows still hold is drowned by others", () => {
    expect(measured.get("haar")!.worst).toBeGreaterThan(0.05);
    expect(measured.get("haar")!.median).toBeGreaterThan(measured.get("hadamard")!.median);
  });

  test("where rows are alike replication loses least, uncoded more, gaussian most", () => {
    const at = (code: string) => measured.get(code)!.evenMedian;
    expect(at("replication")).toBeLessThan(at("hadamard"));
    expect(at("hadamard")).toBeLessThan(at("uncoded"));
    expect(at("uncoded")).toBeLessThan(at("gaussian"));
  });

  test("gaussian is off by more in the middle than tight frames are at worst", () => {
    expect(measured.get("gaussian")!.median).toBeGreaterThan(measured.get("hadamard")!.worst);
    expect(measured.get("gaussian")!.worst).toBeLessThan(0.2);
  });
});

/** A gradient code waits where a part is missing; here it has to go on without. */
function chosen(type: string): { type: string } {
  return type === "gradient-code" ? { type, ...{ approximate: true } } : { type };
}

function measure(
  name: string,
  encoding: Encoding,
  placed: (code: StoredCode) => StoredCode = (code) => code,
): void {
  const code = placed(storedCode(encoding, rows, workers, "leverage"));
  const excesses = excessesOf(encoding, code, uneven, 400);
  const [median, p95, worst, evenMedian] = [
    excesses[200]!,
    excesses[380]!,
    excesses[399]!,
    excessesOf(encoding, code, even, 80)[40]!,
  ].map((value) => Number(value.toPrecision(2)));
  measured.set(name, {
    code: name,
    median: median!,
    p95: p95!,
    worst: worst!,
    evenMedian: evenMedian!,
  });
}

/** Ascending, one for each draw. */
function excessesOf(
  encoding: Encoding,
  code: StoredCode,
  { x, y, best }: Regression,
  draws: number,
): number[] {
  const normal = normalBySlot(code, x, y);
  return Array.from({ length: draws }, (_, draw) => {
    const order = random.fork(`draw/${draw}`).permutation(workers);
    const arrived = [...order.subarray(0, 24)].sort((a, b) => a - b);
    const seen = sumOf(normal, weightsOf(encoding, code, arrived));
    return objective(x, y, solve(seen.squares, seen.right)) / best - 1;
  }).sort((a, b) => a - b);
}

interface Regression {
  readonly x: Matrix;
  readonly y: Float64Array;
  /** The least sum of squares. */
  readonly best: number;
}

/** Normal features, each row as large as told, and a linear target with unit noise. */
function regression(sizeOf: (row: number) => number): Regression {
  const draws = random.fork("rows");
  const x = matrix(rows, columns, (i) => draws.normal() * sizeOf(i));
  const truth = Float64Array.from({ length: columns }, () => draws.normal());
  const y = Float64Array.from({ length: rows }, (_, i) => dot(row(x, i), truth) + draws.normal());
  const { squares, right } = normalOf(x, y);
  return { x, y, best: objective(x, y, solve(squares, right)) };
}
