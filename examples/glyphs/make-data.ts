import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes glyphs.csv: drawings of 8 x 8 pixels, shifted, dimmed and noisy, and what they show. */
const rows = 800;
const size = 8;

const shapes: Readonly<Record<string, readonly string[]>> = {
  cross: ["..#..", "..#..", "#####", "..#..", "..#.."],
  square: ["#####", "#...#", "#...#", "#...#", "#####"],
  slope: ["#....", ".#...", "..#..", "...#.", "....#"],
  roof: ["..#..", ".#.#.", "#...#", ".....", "....."],
  bars: ["#.#.#", "#.#.#", "#.#.#", "#.#.#", "#.#.#"],
};

let state = 20_261_121;

/** Uniform in [0, 1): a 32-bit mixing generator, so that every machine writes the same file. */
function uniform(): number {
  state = (state + 0x6d2b79f5) | 0;
  let z = Math.imul(state ^ (state >>> 15), 1 | state);
  z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
  return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
}

function drawing(shape: readonly string[]): number[] {
  const pixels = Array.from({ length: size * size }, () => Math.floor(5 * uniform()));
  const [down, right] = [Math.floor(4 * uniform()), Math.floor(4 * uniform())];
  const ink = 6 + Math.floor(8 * uniform());
  for (const [y, line] of shape.entries())
    for (const [x, mark] of [...line].entries())
      if (mark === "#") pixels[(y + down) * size + x + right]! += ink;
  return pixels;
}

const names = Object.keys(shapes);
const header = [...Array.from({ length: size * size }, (_, i) => `p${i}`), "shape"];
const lines = Array.from({ length: rows }, () => {
  const name = names[Math.floor(names.length * uniform())]!;
  return [...drawing(shapes[name]!), name].join(",");
});
writeFileSync(
  join(import.meta.dirname, "glyphs.csv"),
  `${[header.join(","), ...lines].join("\n")}\n`,
);
