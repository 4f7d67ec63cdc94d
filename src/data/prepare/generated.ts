import { levelOf } from "../formats/cell.ts";
import {
  type Column,
  type DenseWindow,
  type FoundColumn,
  type Input,
  rowCapacity,
  type SparseWindow,
} from "../formats/table.ts";
import type { DenseGenerator, SparseGenerator } from "../generators/generator.ts";
import { generators } from "../generators/registry.ts";

/** A data set that is made up while it is read. */
export function generatedInput(config: { readonly type: string }): Input {
  const chosen = generators.resolve(config, "data.generate");
  const generator = generators.create(chosen);
  const { rows, features } = generator;
  const width = generator.kind === "sparse" ? generator.entriesPerRow : features;
  return {
    name: `generated ${chosen.type}`,
    format: "generated",
    isSparse: generator.kind === "sparse",
    sizeBytes: rows * (width + 1) * 8,
    identity: async () => JSON.stringify(chosen),
    async table(layout, onBytes) {
      if (generator.kind === "sparse") {
        const columns = layout([{ name: "y", kind: "number" }]);
        return { columns, windows: () => sparseWindows(generator, columns[0]!, onBytes) };
      }
      const columns = layout(columnsOf(features));
      return { columns, windows: () => denseWindows(generator, columns, onBytes) };
    },
  };
}

function columnsOf(features: number): FoundColumn[] {
  const names = Array.from({ length: features }, (_, i) => `x${i}`);
  return [...names, "y"].map((name) => ({ name, kind: "number" }));
}

async function* denseWindows(
  generator: DenseGenerator,
  columns: readonly Column[],
  onBytes: (bytes: number) => void,
): AsyncGenerator<DenseWindow> {
  const places = [...columns.keys()].filter((i) => columns[i]!.kind !== "skip");
  const width = places.length;
  const capacity = Math.min(rowCapacity(width), generator.rows);
  const cells = new Float64Array(capacity * width);
  const row = new Float64Array(columns.length);
  const next = generator.start();
  for (let left = generator.rows; left > 0; ) {
    const rows = Math.min(capacity, left);
    for (let i = 0; i < rows; i++) {
      row[generator.features] = next(row, 0);
      places.forEach((place, j) => {
        cells[i * width + j] = cellFor(columns[place]!, row[place]!);
      });
    }
    left -= rows;
    onBytes(rows * columns.length * 8);
    yield { kind: "dense", rows, width, cells };
  }
}

async function* sparseWindows(
  generator: SparseGenerator,
  label: Column,
  onBytes: (bytes: number) => void,
): AsyncGenerator<SparseWindow> {
  const width = generator.entriesPerRow;
  const capacity = Math.min(rowCapacity(width), generator.rows);
  const values = new Float32Array(capacity * width);
  const indices = new Uint32Array(capacity * width);
  const offsets = new Uint32Array(capacity + 1).map((_, i) => i * width);
  const labels = new Float64Array(capacity);
  const next = generator.start();
  for (let left = generator.rows; left > 0; ) {
    const rows = Math.min(capacity, left);
    for (let i = 0; i < rows; i++) labels[i] = cellFor(label, next(values, indices, i * width));
    left -= rows;
    onBytes(rows * (width + 1) * 8);
    yield { kind: "sparse", rows, values, indices, offsets, labels };
  }
}

function cellFor(column: Column, value: number): number {
  if (column.kind !== "text") return value;
  return levelOf(column, String(value), () => `generated column ${column.name}`);
}
