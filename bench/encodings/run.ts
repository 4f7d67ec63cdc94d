import { randomFrom } from "../../src/core/random.ts";
import type { ChunkCode, Encoding } from "../../src/encoding/encoding.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { handOver } from "../hand-over.ts";

/**
 * What mixing costs, code by code: nanoseconds for each number of a chunk, single precision in and
 * out, the best pass of half a second; how many data rows of its chunk a stored row combines; and
 * how many a slot's stored rows are made of together, for each of its share of the data.
 */
const columns = 100;
const workers = 16;
const measureMs = 500;
const mixing = encodings.members
  .map(({ name }) => ({ type: name }))
  .filter((chosen) => encodings.create(chosen).mixes);
const larger = [
  { type: "hadamard-etf", chunk: 496 },
  { type: "paley", chunk: 129 },
  { type: "paley", chunk: 201 },
  { type: "paley", chunk: 1009 },
  { type: "steiner", chunk: 66 },
  { type: "steiner", chunk: 496 },
  { type: "steiner", chunk: 496, deal: "blocks" },
  { type: "steiner", chunk: 2016 },
  { type: "steiner", chunk: 2016, deal: "blocks" },
];

console.log(
  `encoding         rows  stored  rows mixed  ns a number (${columns} columns)` +
    `  rows needed over share (${workers} slots)`,
);
const results = [...mixing, ...larger].map((chosen) => {
  const encoding = encodings.create(chosen);
  const row = { ...chosen, ...measure(encoding) };
  const { type, rows, storedRows, mixed, nanoseconds, needed } = row;
  console.log(
    type.padEnd(14) +
      String(rows).padStart(7) +
      String(storedRows).padStart(8) +
      mixed.toFixed(1).padStart(12) +
      nanoseconds.toFixed(0).padStart(13) +
      needed.toFixed(1).padStart(22) +
      ("deal" in chosen ? `  deal: ${chosen.deal}` : ""),
  );
  return row;
});
handOver({ bench: "encodings", columns, workers, results });

function measure(encoding: Encoding) {
  const rows = encoding.chunkRows(workers);
  const code = encoding.chunk(0, rows, workers, randomFrom("bench"));
  if (code.kind === "copies") throw new Error("copies cost nothing but their writing");
  const storedRows = code.slots.length;
  const identity = Float32Array.from({ length: rows * rows }, (_, at) =>
    Number(at % (rows + 1) === 0),
  );
  const s = new Float32Array(storedRows * rows);
  code.encode(identity, rows, s);
  const mixed = s.filter((entry) => Math.abs(entry) > 1e-6).length / storedRows;
  const needed = rowsNeeded(code, s, rows) / rows;
  const random = randomFrom("values");
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  const out = new Float32Array(storedRows * columns);
  let bestMs = Number.POSITIVE_INFINITY;
  const endMs = performance.now() + measureMs;
  for (let start = performance.now(); start < endMs; start = performance.now()) {
    code.encode(values, columns, out);
    bestMs = Math.min(bestMs, performance.now() - start);
  }
  return { rows, storedRows, mixed, needed, nanoseconds: (bestMs * 1e6) / (rows * columns) };
}

/** Data rows that each slot's stored rows mix, all slots' together. */
function rowsNeeded({ slots }: ChunkCode, s: Float32Array, rows: number): number {
  const seen = new Set<number>();
  for (const [stored, slot] of slots.entries())
    for (let row = 0; row < rows; row++)
      if (Math.abs(s[stored * rows + row]!) > 1e-6) seen.add(slot * rows + row);
  return seen.size;
}
