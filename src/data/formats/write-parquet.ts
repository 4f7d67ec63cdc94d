import { fileWriter, ParquetWriter } from "hyparquet-writer";

/** A column of a file that is to be written. */
export interface WrittenColumn {
  readonly name: string;
  readonly type: "whole number" | "number" | "text";
}

/** A Parquet file that grows by rows. */
export interface ParquetFile {
  /** A cell for each column. */
  addRow(cells: readonly (number | string)[]): void;
  /** Writes the rest; without it the file is none. */
  close(): void;
}

/** Rows that are packed together. */
const groupRows = 65_536;

const types = {
  "whole number": { type: "INT64" },
  number: { type: "DOUBLE" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
} as const;

/**
 * Writes a Parquet file, one row group in memory at a time, packed by Snappy. Throws what the
 * system says where the file cannot be written.
 */
export function writeParquet(path: string, columns: readonly WrittenColumn[]): ParquetFile {
  const elements = columns.map(({ name, type }) => ({
    name,
    ...types[type],
    repetition_type: "REQUIRED" as const,
  }));
  const schema = [{ name: "root", num_children: columns.length }, ...elements];
  const writer = new ParquetWriter({ writer: fileWriter(path), schema, createdBy: "kofn" });
  let group: (number | string | bigint)[][] = columns.map(() => []);
  const flush = () => {
    const columnData = columns.map(({ name }, i) => ({ name, data: group[i]! }));
    void writer.write({ columnData, rowGroupSize: groupRows });
    group = columns.map(() => []);
  };
  return {
    addRow(cells) {
      for (const [i, { type }] of columns.entries())
        group[i]!.push(type === "whole number" ? BigInt(cells[i]!) : cells[i]!);
      if (group[0]!.length === groupRows) flush();
    },
    close() {
      if (group[0]!.length > 0) flush();
      void writer.finish();
    },
  };
}
