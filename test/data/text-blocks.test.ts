import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { openCsv } from "../../src/data/formats/csv.ts";
import { openLibsvm } from "../../src/data/formats/libsvm.ts";
import {
  type Column,
  type FoundColumn,
  newLevels,
  type Table,
} from "../../src/data/formats/table.ts";
import type { BlockSettings } from "../../src/data/formats/text-blocks.ts";
import { openLocal } from "../../src/data/sources/local-source.ts";
import { newFolder } from "../cli/fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;

beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

const missingValues = ["", "NA"];
const options = { delimiter: "auto", header: "auto", missingValues } as const;
const alone: BlockSettings = { fileBytesMin: 0, blockBytes: 1, threads: 1 };

const layout = (missing: "refuse" | "keep") => (found: readonly FoundColumn[]) =>
  found.map(
    ({ name, kind }): Column => ({
      name,
      kind: name === "left" ? "skip" : kind,
      missing,
      isTarget: name === "y",
      levels: newLevels(100),
    }),
  );

/** All numbers of a table as bytes, or what it throws. */
async function contentOf(table: Promise<Table> | Table): Promise<unknown> {
  try {
    const { columns, windows, notes } = await table;
    const content: unknown[] = [];
    for await (const window of windows())
      if (window.kind === "dense")
        content.push(bytesOf(window.cells.subarray(0, window.rows * window.width)));
      else {
        const { rows, offsets, values, indices, labels } = window;
        const entries = offsets[rows]!;
        const arrays = [values.subarray(0, entries), indices.subarray(0, entries)];
        content.push(...arrays.map(bytesOf), bytesOf(labels.subarray(0, rows)));
        content.push([...offsets.subarray(1, rows + 1)].join());
      }
    return { content, levels: columns.map(({ levels }) => levels.names), notes: notes?.() };
  } catch (thrown) {
    const { code, message, hint } = thrown as { code: string; message: string; hint: string };
    return { code, message, hint };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

const random = randomFrom(11);
const decimals = () => (random.uniform() * 2_000 - 1_000).toFixed(random.integer(8));
const odd = ["-0", ".5", "5.", "1e3", "+7", " 8 ", "123456789012345", "1234567890123456789"];
const word = () => words[random.integer(5)]!;
const words = ["red", "green", "blue", "é", "x y"];

function plainTable(rows: number, cell: () => string, end = "\n"): string {
  const lines = Array.from({ length: rows }, () => `${cell()},${cell()},word,${cell()}`);
  return ["a,b,left,y", ...lines].join(end) + end;
}

const tables: Readonly<Record<string, () => string>> = {
  "plain decimals": () => plainTable(300, decimals),
  "line ends of Windows": () => plainTable(300, decimals, "\r\n"),
  "no last line end": () => plainTable(200, decimals).trimEnd(),
  "numbers of any spelling": () =>
    plainTable(300, () => (random.uniform() < 0.1 ? odd[random.integer(8)]! : decimals())),
  "missing values": () => plainTable(300, () => (random.uniform() < 0.1 ? "NA" : decimals())),
  "blank lines": () => plainTable(200, decimals).replaceAll(/\n(?=[5-7])/g, "\n\n\r\n"),
  "words, numbered in the order of their first row": () =>
    ["a,kind,y", ...Array.from({ length: 300 }, () => `${decimals()},${word()},1`)].join("\n"),
  "a byte order mark": () => `\ufeff${plainTable(200, decimals)}`,
  "quotation marks in the middle": () =>
    plainTable(300, decimals).replace(
      /\n([^\n]*),word(?=[^\n]*\n9)/,
      '\n$1,"two\nlines, one ""cell"""',
    ),
  "a damaged row": () => `${plainTable(200, decimals)}1,2\n${plainTable(9, decimals)}`,
  "a word among numbers": () => plainTable(400, decimals).replace(/\n8[^,]*/, "\neight"),
  "one long row": () => plainTable(40, decimals).replace("word", "w".repeat(5_000)),
  "a NUL": () => plainTable(300, decimals).replace(/word(?=[^\n]*\n7)/, "w\0rd"),
};

test.each(Object.entries(tables))("a table read by threads is the same: %s", async (name, text) => {
  const path = join(folder.path, `${name.replaceAll(" ", "-")}.csv`);
  await writeFile(path, text());
  for (const [missing, blockBytes] of [
    ["refuse", 97],
    ["keep", 1_024],
  ] as const) {
    const read = async (settings: BlockSettings) =>
      contentOf(openCsv(await openLocal(path), options, layout(missing), settings));
    expect(await read({ fileBytesMin: 0, blockBytes, threads: 2 })).toEqual(await read(alone));
  }
});

const sparse: Readonly<Record<string, (row: () => string) => string>> = {
  "plain rows": (row) => Array.from({ length: 300 }, row).join("\n"),
  "comments, blanks and tabs": (row) =>
    Array.from({ length: 200 }, (_, i) =>
      i % 9 === 0 ? `# none\n \t\n${row()} # ${i}` : row().replace(" ", "\t "),
    ).join("\r\n"),
  "values of any spelling": (row) =>
    Array.from({ length: 200 }, (_, i) => `${row()} 900:${odd[i % 8]!.trim()}`).join("\n"),
  "an index that stands there twice": (row) =>
    `${Array.from({ length: 200 }, row).join("\n")}\n1 5:1 4:1 5:2\n1 1:1\n`,
  "indices from 0, with queries": (row) =>
    Array.from({ length: 200 }, (_, i) =>
      i % 3 === 0 ? `1 qid:${i} 0:1 4:2` : i % 3 === 1 ? `-1 0:${i} 3:2` : row(),
    ).join("\n"),
  "rows to be sorted": (row) =>
    Array.from({ length: 200 }, (_, i) => (i % 7 === 0 ? "1 5:1 3:2 4:3" : row())).join("\n"),
  "a label that is none": (row) =>
    `${Array.from({ length: 200 }, row).join("\n")}\nyes 5:1\n1 1:1\n`,
  "indices that share buckets": (row) =>
    Array.from({ length: 200 }, (_, i) =>
      i % 5 === 0 ? `1 ${10 + i}:0.1 54686452:2${i % 2 === 0 ? " 7:3" : ""}` : row(),
    ).join("\n"),
};

test.each(Object.entries(sparse))(
  "sparse rows read by threads are the same: %s",
  async (name, of) => {
    const path = join(folder.path, `${name.replaceAll(" ", "-")}.libsvm`);
    const row = () => {
      const indices = Array.from({ length: random.integer(6) }, () => 1 + random.integer(800));
      const entries = [...new Set(indices)].sort((a, b) => a - b).map((i) => `${i}:${decimals()}`);
      return [["1", "-1", "+1", "1.0"][random.integer(4)], ...entries].join(" ");
    };
    await writeFile(path, of(row));
    for (const [kind, blockBytes] of [
      ["text", 97],
      ["number", 1_024],
    ] as const) {
      const label = (): readonly Column[] => [
        { name: "label", kind, missing: "refuse", isTarget: true, levels: newLevels(100) },
      ];
      const options = {
        zeroBased: name.includes("from 0"),
        ...(name.includes("buckets") ? { indexBuckets: 13 } : {}),
      };
      const read = async (settings: BlockSettings) =>
        contentOf(openLibsvm(await openLocal(path), options, label, settings));
      expect(await read({ fileBytesMin: 0, blockBytes, threads: 2 })).toEqual(await read(alone));
    }
  },
);
