import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { dot } from "../../src/math/vector.ts";
import { type DenseMatrix, gram, matrix, product, row } from "../../src/testing/dense.ts";
import { eigenvalues } from "../../src/testing/eigenvalues.ts";
import { type StoredCode, storedCode } from "../../src/testing/stored-code.ts";
import { solve } from "../encoding/solve.ts";
import {
  gradientAt,
  normalBySlot,
  normalOf,
  objective,
  sumOf,
  weightsOf,
} from "./normal-equations.ts";

/*
 * What the codes buy for least squares, f(w) = |Xw - y|^2 / 2n, when only some slots reply: the
 * data-parallel set-up of Karakus, Sun, Diggavi, Yin (JMLR 20(72), 2019), f_A being the weighted
 * sum over the slots A.
 */

describe("with every slot the encoded gradient is the true one", () => {
  const tight = encodings.members
    .map(({ name }) => name)
    .filter((type) => encodings.create({ type }).tight);

  test.each(tight)("%s: to 1e-12", (type) => {
    expect(gradientError(storedCode(encodings.create({ type }), 300, 8), type)).toBeLessThan(1e-12);
  });

  test("a Gaussian code is off by more than 1 % even then", () => {
    const code = storedCode(encodings.create({ type: "gaussian" }), 300, 8);
    expect(gradientError(code, "gaussian")).toBeGreaterThan(0.01);
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
    expect(Math.abs(excess(m, x, y) / ((kappa + 1) ** 2 / (4 * kappa)) - 1)).toBeLessThan(1e-10);
  });
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

/** f at the minimiser of the quadratic weighed by `m`, over the least f. */
function excess(m: DenseMatrix, x: DenseMatrix, y: Float64Array): number {
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

function quadratic(m: DenseMatrix, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < m.rows; i++) sum += v[i]! * dot(row(m, i), v);
  return sum;
}

/** A unit eigenvector by inverse iteration, on the squared and shifted, hence definite, matrix. */
function eigenvector(m: DenseMatrix, value: number): Float64Array {
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

function scaledBy(a: DenseMatrix, factor: number): DenseMatrix {
  return { ...a, values: a.values.map((value) => value * factor) };
}
