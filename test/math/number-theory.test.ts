import { describe, expect, test } from "vitest";
import {
  hadamardMatrix,
  isHadamardOrder,
  isPrime,
  isSylvesterOrder,
  quadraticCharacter,
} from "../../src/math/hadamard-matrix.ts";
import { hadamardEntry } from "../../src/math/transforms.ts";

test("primes up to 60, and not what only looks like one", () => {
  const primes = Array.from({ length: 61 }, (_, n) => n).filter(isPrime);
  expect(primes).toEqual([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]);
  for (const n of [-7, 0, 1, 2.5, 121, 2047, Number.NaN]) expect(isPrime(n)).toBe(false);
  expect(isPrime(8191)).toBe(true);
});

test("the squares modulo 13 are 1, 3, 4, 9, 10, 12, and the character is multiplicative", () => {
  const chi = quadraticCharacter(13);
  expect([...chi.keys()].filter((k) => chi[k] === 1)).toEqual([1, 3, 4, 9, 10, 12]);
  for (let a = 0; a < 13; a++)
    for (let b = 0; b < 13; b++) expect(chi[(a * b) % 13] === chi[a]! * chi[b]!).toBe(true);
});

describe("Hadamard matrices", () => {
  test("exist here for 2^r and for q + 1", () => {
    const orders = Array.from({ length: 65 }, (_, n) => n).filter((n) => n > 2);
    expect(orders.filter(isHadamardOrder)).toEqual([4, 8, 12, 16, 20, 24, 32, 44, 48, 60, 64]);
    expect(orders.filter(isSylvesterOrder)).toEqual([4, 8, 16, 32, 64]);
  });

  test.each([4, 8, 12, 16, 20, 24, 44])("of order %i: signs, first column ones, H'H = vI", (v) => {
    const h = hadamardMatrix(v);
    expect(h.every((sign) => sign === 1 || sign === -1)).toBe(true);
    for (let i = 0; i < v; i++) {
      expect(h[i * v]).toBe(1);
      for (let j = 0; j < v; j++) {
        let inner = 0;
        for (let k = 0; k < v; k++) inner += h[k * v + i]! * h[k * v + j]!;
        expect(inner).toBe(i === j ? v : 0);
      }
    }
  });

  test("of order 8 is Sylvester's, which the fast transform is for", () => {
    expect([...hadamardMatrix(8)]).toEqual(
      Array.from({ length: 64 }, (_, at) => hadamardEntry(at >> 3, at & 7)),
    );
  });
});
