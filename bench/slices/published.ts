import { randomFrom } from "../../src/core/random.ts";
import { accumulate } from "../../src/math/slices/accumulation.ts";
import type { DoublePart } from "../../src/math/slices/gradient-part.ts";
import { weightedSum } from "../../src/math/slices/merge.ts";
import { payloadOfParts } from "../../src/tasks/sliced-reply.ts";

interface Setting {
  readonly vocabulary: number;
  readonly width: number;
  /** Of a worker, a side. */
  readonly tokens: number;
  readonly workers: number;
}

/** As published: 33,708 tokens, 1,024 numbers each, 4,980 tokens a side and worker, 64 workers. */
const full: Setting = { vocabulary: 33_708, width: 1_024, tokens: 4_980, workers: 64 };
const scale = 32;
const small: Setting = {
  vocabulary: Math.round(full.vocabulary / scale),
  width: full.width / scale,
  tokens: Math.round(full.tokens / scale),
  workers: full.workers,
};

/** Bytes of values, and of values and ids, that gathering a tied table holds; and of the table. */
function byFormula({ vocabulary, width, tokens, workers }: Setting) {
  const rows = workers * (vocabulary + 2 * tokens);
  return { values: rows * width * 4, all: rows * (width * 4 + 4), dense: vocabulary * width * 4 };
}

/** Both rules over all workers' contributions, as they travel, and the time of adding them up. */
function measured({ vocabulary: rows, width: columns, tokens, workers }: Setting) {
  const random = randomFrom("published");
  const numbers = (length: number) => Float64Array.from({ length }, () => random.normal());
  const lookUps = (): DoublePart => {
    const ids = Uint32Array.from({ length: tokens }, () => random.integer(rows));
    return { kind: "slices", slices: { rows, columns, ids, values: numbers(tokens * columns) } };
  };
  const contributions = Array.from({ length: workers }, () => {
    const dense: DoublePart = { kind: "dense", values: numbers(rows * columns) };
    return [dense, lookUps(), lookUps()];
  });
  const by = (rule: "gather" | "auto") => {
    const parts = contributions.map((all) => accumulate(all, { rows, columns }, rule)!);
    const sent = parts.map((part) => payloadOfParts([part]).length);
    const begunMs = performance.now();
    const sum = weightedSum(
      parts,
      parts.map(() => 1),
      rows * columns,
    );
    const ms = performance.now() - begunMs;
    return { bytes: sent.reduce((total, one) => total + one, 0), ms, sum };
  };
  const [gather, auto] = [by("gather"), by("auto")];
  if (gather.sum.kind !== "dense" || auto.sum.kind !== "dense") throw new Error("no dense sums");
  const other = auto.sum.values;
  const apart = gather.sum.values.reduce(
    (most, v, i) => Math.max(most, Math.abs(v - other[i]!)),
    0,
  );
  if (apart > 1e-6) throw new Error(`the sums are ${apart} apart`);
  return { gather, auto };
}

export function publishedBytes() {
  const { values, all, dense } = byFormula(full);
  console.log("\ntied table of 33,708 x 1,024, 4,980 tokens a side, 64 workers, by the formula:");
  console.log(
    `gathered ${(values / 1e9).toFixed(1)} GB of values (${(all / 1e9).toFixed(2)} GB with ids), ` +
      `dense ${(dense / 1e6).toFixed(0)} MB, ratio ${(values / dense).toFixed(1)}`,
  );
  const { gather, auto } = measured(small);
  const expected = byFormula(small);
  const { vocabulary, width, tokens } = small;
  console.log(`measured at ${vocabulary} x ${width}, ${tokens} tokens a side, 64 workers:`);
  for (const [name, { bytes, ms }] of Object.entries({ gather, auto }))
    console.log(
      `${name.padEnd(8)}${(bytes / 1e6).toFixed(2).padStart(9)} MB from all workers, ` +
        `added up in ${ms.toFixed(0)} ms`,
    );
  const more = gather.bytes / expected.all - 1;
  console.log(`gathered bytes are the formula's to ${(100 * more).toFixed(3)} %`);
  if (Math.abs(more) > 0.001) throw new Error(`gathered bytes are ${gather.bytes}`);
  if (Math.abs(auto.bytes / (small.workers * expected.dense) - 1) > 0.001)
    throw new Error(`dense bytes are ${auto.bytes}`);
  return { values, all, dense, gather: gather.bytes, auto: auto.bytes, formula: expected.all };
}
