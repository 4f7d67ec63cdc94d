import { expect, it } from "vitest";
import { normalCdf, normalDensity, normalLogCdf } from "../../src/math/normal.ts";

/** Phi(x) and ln Phi(x), computed with 30 digits. */
const values: readonly [x: number, cdf: number, logCdf: number][] = [
  [0, 0.5, -Math.LN2],
  [-1e-8, 0.4999999960105772, -0.693147188538791],
  [-0.1, 0.460172162722971, -0.7761545927302733],
  [-0.5, 0.3085375387259869, -1.1759117615936185],
  [-1, 0.15865525393145705, -1.8410216450092636],
  [-2, 0.02275013194817921, -3.783184333682032],
  [-5, 2.866515718791939e-7, -15.064998393988725],
  [-8.5, 9.479534822203318e-18, -39.19739642821767],
  [-8.9, 2.7923343749396464e-19, -42.722238827359746],
  [-12, 1.776482112077679e-33, -75.4106730015688],
  [-37, 5.725571222524577e-300, -689.0305855768906],
  [0.3, 0.6179114221889527, -0.4814101615884812],
  [5, 0.9999997133484281, -2.866516129637636e-7],
];

it.each(values)("at %d it is right to the last digits", (x, cdf, logCdf) => {
  expect(Math.abs(normalCdf(x) / cdf - 1)).toBeLessThan(1e-15);
  expect(Math.abs(normalLogCdf(x) / logCdf - 1)).toBeLessThan(1e-15);
});

it("has a logarithm where the value itself is 0", () => {
  expect(normalCdf(-100)).toBe(0);
  expect(normalLogCdf(-100)).toBeCloseTo(-5005.524208694205, 10);
});

it("grows by its density", () => {
  for (const x of [-3, -0.4, 0, 0.7, 2])
    expect((normalCdf(x + 1e-5) - normalCdf(x - 1e-5)) / 2e-5).toBeCloseTo(normalDensity(x), 9);
});
