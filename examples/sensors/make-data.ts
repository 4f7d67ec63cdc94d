import { writeFileSync } from "node:fs";

/** Writes sensors.csv: sixty made-up sensors along a line, of which six say something of yield. */
const rows = 400;
const sensors = 60;
const matter = new Map([
  [4, 3],
  [11, -2],
  [23, 1.5],
  [24, 1.5],
  [40, -1],
  [57, 2.5],
]);

let state = 404_060;

/** Uniform in [0, 1): a 32-bit mixing generator, so that every machine writes the same file. */
function uniform(): number {
  state = (state + 0x6d2b79f5) | 0;
  let z = Math.imul(state ^ (state >>> 15), 1 | state);
  z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
  return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
}

/** About normal, of additions alone: no machine rounds them otherwise. */
function bell(): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += uniform();
  return sum;
}

function reading(): string {
  // Neighbours along the line have much in common.
  const noise = Array.from({ length: sensors + 1 }, bell);
  const values = Array.from({ length: sensors }, (_, j) => 20 + 2 * (noise[j]! + noise[j + 1]!));
  let yielded = 100 + 4 * bell();
  for (const [j, effect] of matter) yielded += effect * (values[j]! - 20);
  return [...values, yielded].map((value) => value.toFixed(1)).join(",");
}

const names = Array.from({ length: sensors }, (_, j) => `s${j}`);
const lines = [[...names, "yield"].join(","), ...Array.from({ length: rows }, reading)];
writeFileSync(new URL("sensors.csv", import.meta.url), `${lines.join("\n")}\n`);
