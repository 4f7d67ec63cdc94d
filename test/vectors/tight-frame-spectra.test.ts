import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { hadamardColumns, hadamardEntry } from "../../src/math/transforms.ts";
import { distanceToIdentity, gram, matrix, product } from "../../src/testing/dense.ts";
import { eigenvalues } from "../../src/testing/eigenvalues.ts";
import { type StoredCode, storedCode, subsets } from "../../src/testing/stored-code.ts";
import { others, rowsOf, spectrum, variance } from "./spectra.ts";

/*
 * Spectra of M_A = S_A'S_A / (c eta), A the slots that replied, eta their share: what an erasure
 * costs. Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019, on the block restricted isometry property;
 * the limits are those of random sub-frames (Wachter; Haikin, Zamir, Gavish, PNAS 2017):
 * lambda+- = [g + eta - 2 g eta +- 2 sqrt(g eta (1-g) (1-eta))] / eta with g = 1/redundancy.
 */

const hadamard = encodings.create({ type: "hadamard" });

describe("the Sylvester matrix", () => {
  test("by its transform equals H = [[H, H], [H, -H]] by hand", () => {
    const byHand = [
      [1, 1, 1, 1],
      [1, -1, 1, -1],
      [1, 1, -1, -1],
      [1, -1, -1, 1],
    ];
    const identity = matrix(4, 4, (i, j) => (i === j ? 1 : 0)).values;
    hadamardColumns(identity, 4, 4);
    expect([...identity]).toEqual(byHand.flat());
    expect(byHand.map((row, i) => row.map((_, j) => hadamardEntry(i, j)))).toEqual(byHand);
  });

  test("is its own inverse but for the order: HH = 128 I", () => {
    const h = matrix(128, 128, hadamardEntry);
    expect(distanceToIdentity(product(h, h), 128)).toBe(0);
  });
});

describe("tightness, S'S = cI", () => {
  test("a Gaussian code fails the check that tight ones pass", () => {
    const random = randomFrom(1);
    const gaussian = matrix(512, 256, () => random.normal() / Math.sqrt(256));
    expect(distanceToIdentity(gram(gaussian), 2)).toBeGreaterThan(0.2);
    const s = storedCode(hadamard, 256, 32).s;
    expect(distanceToIdentity(gram(s), 2)).toBeLessThan(1e-12);
  });

  test("what replied and what did not add up to cI, and enough eigenvalues equal c", () => {
    // S_A'S_A + S_B'S_B = cI for B = not A, so n - |rows of B| eigenvalues of S_A'S_A are c.
    const code = storedCode(hadamard, 64, 32);
    for (const count of [8, 20, 24, 28]) {
      const arrived = randomFrom(count).permutation(32).subarray(0, count);
      const seen = gram(code.s, rowsOf(code, arrived));
      const missed = gram(code.s, rowsOf(code, others(arrived, 32)));
      const sum = { ...seen, values: seen.values.map((value, i) => value + missed.values[i]!) };
      expect(distanceToIdentity(sum, 2)).toBeLessThan(1e-12);
      const exact = eigenvalues(seen).filter((value) => Math.abs(value - 2) < 1e-10).length;
      expect(exact).toBe(Math.max(0, 64 - (128 - count * 4)));
    }
  });

  test("the mean of M_A over all subsets of 8 slots is I", () => {
    const code = storedCode(hadamard, 64, 8);
    for (const count of [1, 3, 6]) {
      const all = subsets(8, count);
      const mean = matrix(64, 64);
      for (const arrived of all) {
        const weight = hadamard.weights(arrived, code.shares, 64)![0]! / all.length;
        const seen = gram(code.s, rowsOf(code, arrived));
        for (let i = 0; i < mean.values.length; i++) mean.values[i]! += weight * seen.values[i]!;
      }
      expect(distanceToIdentity(mean, 1)).toBeLessThan(1e-12);
    }
  });
});

describe("lambda_min and lambda_max of M_A", () => {
  test("one block of 1024 rows over 32 slots, 24 of them: .08 to .11, and 4/3", () => {
    // Asked for 512 slots the code takes one block of 1024; 16 slots together make one of 32.
    const code = storedCode(hadamard, 512, 512);
    const merged = { ...code, slots: code.slots.map((slot) => slot >> 4) };
    for (const seed of [1, 2]) {
      const values = spectrum(merged, randomFrom(seed).permutation(32).subarray(0, 24));
      expect(values[0]).toBeGreaterThan(0.08);
      expect(values[0]).toBeLessThan(0.11);
      expect(Math.abs(values.at(-1)! - 4 / 3)).toBeLessThan(1e-6);
      // Relative variance of the eigenvalues: (1 - eta) / (redundancy eta) = 1/6.
      expect(Math.abs(variance(values) * 6 - 1)).toBeLessThan(0.02);
    }
  });

  test("512 rows in chunks of 64 as stored: median near .087, none at 0", () => {
    const smallest: number[] = [];
    for (let trial = 0; trial < 30; trial++) {
      const arrived = randomFrom(trial).permutation(32).subarray(0, 24);
      // S is block-diagonal: its spectrum is all chunks' spectra together.
      const chunks = Array.from({ length: 8 }, (_, chunk) => {
        const values = spectrum(storedCode(hadamard, 64, 32, `${trial}/${chunk}`), arrived);
        expect(values.at(-1)!).toBeLessThan(4 / 3 + 1e-12);
        return values[0]!;
      });
      smallest.push(Math.min(...chunks));
    }
    smallest.sort((a, b) => a - b);
    expect(smallest[15]).toBeGreaterThan(0.07);
    expect(smallest[15]).toBeLessThan(0.11);
    expect(smallest[0]).toBeGreaterThan(0.03);
  });

  test("6 and 7 of 8 slots, every subset: never below .05 and .15", () => {
    const code = storedCode(hadamard, 128, 128);
    const merged = { ...code, slots: code.slots.map((slot) => slot >> 4) };
    const worst = (count: number) =>
      Math.min(...subsets(8, count).map((arrived) => spectrum(merged, arrived)[0]!));
    expect(worst(6)).toBeGreaterThan(0.05);
    expect(worst(7)).toBeGreaterThan(0.15);
  });

  test("without the permutation of rows the protection is gone: lambda_min is 0", () => {
    const code = storedCode(hadamard, 512, 512);
    const columns = randomFrom(1).permutation(1024);
    const contiguous: StoredCode = {
      ...code,
      s: matrix(1024, 512, (i, j) => hadamardEntry(i, columns[j]!) / Math.sqrt(512)),
      slots: Array.from({ length: 1024 }, (_, i) => i >> 5),
    };
    expect(distanceToIdentity(gram(contiguous.s), 2)).toBeLessThan(1e-12);
    const arrived = randomFrom(1).permutation(32).subarray(0, 24);
    expect(Math.abs(spectrum(contiguous, arrived)[0]!)).toBeLessThan(1e-10);
  });

  test("uncoded and replicated rows are lost outright: lambda_min is 0", () => {
    for (const type of ["uncoded", "replication"]) {
      const code = storedCode(encodings.create({ type }), 128, 8);
      expect(Math.abs(spectrum(code, [0, 1, 2, 4, 5, 6])[0]!)).toBeLessThan(1e-10);
    }
  });
});
