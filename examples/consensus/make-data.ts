import { writeFileSync } from "node:fs";

/** Writes clinics.csv: made-up patients of twenty clinics, in public units between -1 and 1. */
const rows = 12_000;

let state = 190_307;

/** Uniform in [0, 1): a 32-bit mixing generator, so that every machine writes the same file. */
function uniform(): number {
  state = (state + 0x6d2b79f5) | 0;
  let z = Math.imul(state ^ (state >>> 15), 1 | state);
  z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
  return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
}

function patient(): string {
  const [age, weight, pressure] = [0, 0, 0].map(() => 2 * uniform() - 1) as [
    number,
    number,
    number,
  ];
  const risk = 2 * age + 1.5 * pressure - weight;
  const ill = uniform() < 1 / (1 + Math.exp(-2 * risk)) ? "ill" : "well";
  return `${[age, weight, pressure].map((value) => value.toFixed(2)).join(",")},${ill}`;
}

const lines = ["age,weight,pressure,state", ...Array.from({ length: rows }, patient)];
writeFileSync(new URL("clinics.csv", import.meta.url), `${lines.join("\n")}\n`);
