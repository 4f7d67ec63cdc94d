import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Encoding } from "../../src/encoding/encoding.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { dot } from "../../src/math/vector.ts";
import { gram, type Matrix, matrix, product, row, solve } from "../contracts/dense.ts";
import { eigenvalues } from "../contracts/eigenvalues.ts";
import { type StoredCode, storedCode } from "../contracts/stored-code.ts";

/*
 * What the codes buy for least squares, f(w) = |Xw - y|^2 / 2n, when only some slots reply: the
 * data-parallel set-up of Karakus, Sun, Diggavi, Yin (JMLR 20(72), 2019), f_A being the weighted
 * sum over the slots A.
 */

describe("with every slot the encoded gradient is the true one", () => {
  test.each(["uncoded", "replication", "hadamard"])("%s: to 1e-12", (type) => {
    expect(gradientError(storedCode(encodings.create({ type }), 300, 8), type)).toBeLessThan(1e-12);
  });

  test("a Gaussian code is off by more than 1 % even then", () => {
    const random = randomFrom(5);
    const code = storedCode(encodings.create({ type: "hadamard" }), 300, 8);
    const s = matrix(code.s.rows, 300, () => random.normal() / Math.sqrt(300));
    expect(gradientError({ ...code, s }, "hadamard")).toBeGreaterThan(0.01);
  });
});

describe("24 of 32 slots of a tight frame", () => {
  const code = storedCode(encodings.create({ type: "hadamard" }), 64, 32, "sandwich");
  const chosen = [...randomFrom("sandwich").permutation(32).subarray(0, 24)];
  const heldRows = [...code.slots.keys()].filter((i) => chosen.includes(code.slots[i]!));
  const m = scaledBy(gram(code.s, heldRows), 32 / (2 * 24));
  const values = eigenvalues(m);
  const [least, most] = [values[0]!, values.at(-1)!];
  const kappa = most / least;

  test("f_A lies within lambda_min and lambda_max times f, for 2000 w", () => {
    const random = randomFrom(6);
    for (let draw = 0; draw < 2000; draw++) {
      const residual = Float64Array.from({ length: 64 }, () => random.normal() ** 3);
      const ratio = quadratic(m, residual) / dot(residual, residual);
      expect(ratio).toBeGreaterThan(least - 1e-12);
      expect(ratio).toBeLessThan(most + 1e-12);
    }
  });

  test("f(w_A) is at most (kappa + 1)^2 / (4 kappa) times the least", () => {
    const random = randomFrom(7);
    const bound = (kappa + 1) ** 2 / (4 * kappa);
    for (let draw = 0; draw < 200; draw++) {
      const x = matrix(64, 3, () => random.normal() ** 3);
      const y = Float64Array.from({ length: 64 }, () => random.normal());
      expect(excess(m, x, y)).toBeLessThan(bound + 1e-10);
    }
  });

  test("and an adversary reaches that bound", () => {
    // X = v_min + v_max / sqrt(kappa), the residual at the optimum -v_min / sqrt(kappa) + v_max.
    const low = eigenvector(m, least);
    const high = eigenvector(m, most);
    const x = matrix(64, 1, (i) => low[i]! + high[i]! / Math.sqrt(kappa));
    const y = Float64Array.from(low, (entry, i) => high[i]! - entry / Math.sqrt(kappa));
    expect(Math.abs(excess(m, x, y) / ((kappa + 1) ** 2 / (4 * kappa)) - 1)).toBeLessThan(1e-8);
  });
});

describe("sixteen rows of high leverage among 1024, 24 of 32 slots, 400 draws", () => {
  const random = randomFrom("leverage");
  const rows = 1024;
  const columns = 100;
  const x = matrix(rows, columns, (i) => random.normal() * (i % 64 === 0 ? 200 : 1));
  const truth = Float64Array.from({ length: columns }, () => random.normal());
  const y = Float64Array.from({ length: rows }, (_, i) => dot(row(x, i), truth) + random.normal());

  test("hadamard never loses more than 5 %", () => {
    expect(worstExcess("hadamard")).toBeLessThan(0.05);
  });

  test.each(["uncoded", "replication"])("%s loses more than 500 % at worst", (type) => {
    expect(worstExcess(type)).toBeGreaterThan(5);
  });

  function worstExcess(type: string): number {
    const encoding = encodings.create({ type });
    const code = storedCode(encoding, rows, 32, "leverage");
    const normal = normalBySlot(code, x, y);
    const whole = sumOf(normal, weightsOf(encoding, code, [...normal.keys()]));
    const best = objective(x, y, solve(whole.squares, whole.right));
    let worst = 0;
    for (let draw = 0; draw < 400; draw++) {
      const arrived = [...random.fork(`draw/${draw}`).permutation(32).subarray(0, 24)].sort(
        (a, b) => a - b,
      );
      const seen = sumOf(normal, weightsOf(encoding, code, arrived));
      const reached = objective(x, y, solve(seen.squares, seen.right));
      worst = Math.max(worst, reached / best - 1);
    }
    return worst;
  }
});

/** How far the weighted sum of all slots' gradients is from X'(Xw - y), relatively. */
function gradientError(code: StoredCode, type: string): number {
  const random = randomFrom(4);
  const x = matrix(code.s.columns, 5, () => random.normal());
  const y = Float64Array.from({ length: x.rows }, () => random.normal());
  const w = Float64Array.from({ length: 5 }, () => random.normal());
  const encoding = encodings.create({ type });
  const weights = weightsOf(encoding, code, [...code.shares.keys()]);
  const { squares, right } = sumOf(normalBySlot(code, x, y), weights);
  const whole = normalOf(x, y);
  const truth = gradientAt(whole, w);
  const given = gradientAt({ squares, right }, w);
  const apart = given.map((value, j) => value - truth[j]!);
  return Math.sqrt(dot(apart, apart) / dot(truth, truth));
}

interface Normal {
  readonly squares: Matrix;
  readonly right: Float64Array;
}

function normalOf(x: Matrix, y: Float64Array): Normal {
  const right = new Float64Array(x.columns);
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < x.columns; j++) right[j]! += row(x, i)[j]! * y[i]!;
  return { squares: gram(x), right };
}

/** Each slot's X_i'X_i and X_i'y_i, of which its gradients are made. */
function normalBySlot(code: StoredCode, x: Matrix, y: Float64Array): Normal[] {
  const stored = product(code.s, x);
  const targets = product(code.s, { rows: y.length, columns: 1, values: Float64Array.from(y) });
  return code.shares.map((_, slot) => {
    const held = [...code.slots.keys()].filter((i) => code.slots[i] === slot);
    const mine = matrix(held.length, x.columns, (i, j) => row(stored, held[i]!)[j]!);
    return normalOf(
      mine,
      Float64Array.from(held, (i) => targets.values[i]!),
    );
  });
}

function weightsOf(encoding: Encoding, code: StoredCode, arrived: readonly number[]): Float64Array {
  const weights = new Float64Array(code.shares.length);
  const given = encoding.weights(arrived, code.shares, code.s.columns)!;
  for (const [i, slot] of arrived.entries()) weights[slot] = given[i]!;
  return weights;
}

function sumOf(normal: readonly Normal[], weights: Float64Array): Normal {
  const squares = matrix(normal[0]!.squares.rows, normal[0]!.squares.columns);
  const right = new Float64Array(squares.rows);
  for (const [slot, part] of normal.entries()) {
    const weight = weights[slot]!;
    if (weight === 0) continue;
    for (let i = 0; i < squares.values.length; i++)
      squares.values[i]! += weight * part.squares.values[i]!;
    for (let j = 0; j < right.length; j++) right[j]! += weight * part.right[j]!;
  }
  return { squares, right };
}

function gradientAt({ squares, right }: Normal, w: Float64Array): Float64Array {
  return right.map((value, j) => dot(row(squares, j), w) - value);
}

function objective(x: Matrix, y: Float64Array, w: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.rows; i++) sum += (dot(row(x, i), w) - y[i]!) ** 2;
  return sum;
}

/** f at the minimiser of the quadratic weighed by `m`, over the least f. */
function excess(m: Matrix, x: Matrix, y: Float64Array): number {
  const weighed = product(m, x);
  const across = matrix(x.columns, x.columns, (i, j) => {
    let sum = 0;
    for (let r = 0; r < x.rows; r++) sum += row(x, r)[i]! * row(weighed, r)[j]!;
    return sum;
  });
  const right = normalOf(weighed, y).right;
  const { squares, right: plain } = normalOf(x, y);
  return objective(x, y, solve(across, right)) / objective(x, y, solve(squares, plain));
}

function quadratic(m: Matrix, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < m.rows; i++) sum += v[i]! * dot(row(m, i), v);
  return sum;
}

/** A unit eigenvector by inverse iteration, on the squared and shifted, hence definite, matrix. */
function eigenvector(m: Matrix, value: number): Float64Array {
  const shifted = matrix(m.rows, m.rows, (i, j) => row(m, i)[j]! - (i === j ? value : 0));
  const definite = gram(shifted);
  for (let i = 0; i < m.rows; i++) definite.values[i * m.rows + i]! += 1e-12;
  const random = randomFrom("start");
  let v = Float64Array.from({ length: m.rows }, () => random.normal());
  for (let step = 0; step < 8; step++) {
    v = solve(definite, v);
    const length = Math.sqrt(dot(v, v));
    v = v.map((entry) => entry / length);
  }
  return v;
}

function scaledBy(a: Matrix, factor: number): Matrix {
  return { ...a, values: a.values.map((value) => value * factor) };
}
