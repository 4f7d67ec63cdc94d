import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type Random, randomFrom } from "../../src/core/random.ts";

/** Features of the tables in columns. */
export const features = 20;
const linesAtOnce = 1_000;

/**
 * A table of numbers with six decimals in columns `x0` and on, and a target `y`: a linear function
 * with noise, or of classes the sign of one. Ends after so many bytes, or rows. Returns how many.
 */
export async function writeTable(
  path: string,
  {
    bytes = Number.POSITIVE_INFINITY,
    rows = Number.POSITIVE_INFINITY,
    columns = features,
    isClasses,
  }: {
    readonly bytes?: number;
    readonly rows?: number;
    readonly columns?: number;
    readonly isClasses: boolean;
  },
): Promise<number> {
  const random = randomFrom(3);
  const weights = Array.from({ length: columns }, () => random.normal());
  let left = rows;
  const names = weights.map((_, j) => `x${j}`);
  return written(path, bytes, `${names.join(",")},y\n`, () => {
    if (left-- <= 0) return null;
    let sum = 0.5 * random.normal();
    const cells = weights.map((weight) => {
      const value = random.uniform() * 20 - 10;
      sum += weight * value;
      return value.toFixed(6);
    });
    return `${cells.join(",")},${isClasses ? (sum > 0 ? 1 : 0) : sum.toFixed(4)}\n`;
  });
}

/** Rows of few entries in very many columns, in LIBSVM's format. Returns the number of rows. */
export async function writeSparse(
  path: string,
  shape: { readonly rows: number; readonly columns: number; readonly entries: number },
): Promise<number> {
  const random = randomFrom(5);
  const weights = Float64Array.from({ length: shape.columns }, () => random.normal());
  let left = shape.rows;
  return written(path, Number.POSITIVE_INFINITY, "", () => {
    if (left-- === 0) return null;
    const indices = indicesOf(random, shape);
    let sum = random.normal();
    const cells = indices.map((index) => {
      const value = random.uniform();
      sum += weights[index]! * value;
      return `${index + 1}:${value.toFixed(4)}`;
    });
    return `${sum > 0 ? 1 : 0} ${cells.join(" ")}\n`;
  });
}

/** Low columns are frequent, as words are. */
function indicesOf(
  random: Random,
  { columns, entries }: { readonly columns: number; readonly entries: number },
): number[] {
  const chosen = new Set<number>();
  while (chosen.size < entries) chosen.add(Math.floor(columns * random.uniform() ** 2));
  return [...chosen].sort((a, b) => a - b);
}

async function written(
  path: string,
  bytesMax: number,
  head: string,
  next: () => string | null,
): Promise<number> {
  let rows = 0;
  await pipeline(async function* () {
    yield head;
    for (let bytes = head.length; bytes < bytesMax; ) {
      const lines: string[] = [];
      while (lines.length < linesAtOnce) {
        const line = next();
        if (line === null) break;
        lines.push(line);
      }
      rows += lines.length;
      const text = lines.join("");
      bytes += text.length;
      if (text.length > 0) yield text;
      if (lines.length < linesAtOnce) return;
    }
  }, createWriteStream(path));
  return rows;
}
