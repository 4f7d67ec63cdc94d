import { createHash } from "node:crypto";
import { mkdtemp, open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { RunError } from "../core/errors.ts";
import { closeOwnFolder, ownFile } from "../core/own-files.ts";
import type { Source } from "../data/sources/source.ts";
import { withNetworkFile } from "./network-file.ts";
import { namedRows, type RowSource, type RowValue } from "./row-source.ts";
import type { SpecInCode } from "./spec-in-code.ts";

const targetName = "target";

/**
 * The spec with a network and rows from code as files of the home: rows as a file named by what it
 * holds, so that the same rows are one file, and resuming, replaying and planning find it. Columns
 * that hold a text are categories, however the text looks; a missing value is null, undefined or
 * NaN.
 */
export async function withRowFile(spec: SpecInCode, home: string): Promise<unknown> {
  const withNetwork = await withNetworkFile(spec, home);
  if (!("rows" in spec.data)) return withNetwork;
  const { rows, targets, ...data } = spec.data;
  const stored = await storeRows(rows, targets, home);
  const target = data.target ?? (targets === undefined ? undefined : targetName);
  const named = new Set([target, ...(data.drop ?? []), ...Object.keys(data.columns ?? {})]);
  const texts = stored.textColumns.filter((name) => !named.has(name));
  return {
    ...withNetwork,
    data: {
      missingValues: [""],
      ...data,
      ...(target === undefined ? {} : { target }),
      categorical: [...new Set([...(data.categorical ?? []), ...texts])],
      ...{ source: stored.path, format: "csv", delimiter: ",", header: true },
    },
  };
}

interface StoredRows {
  readonly path: string;
  readonly textColumns: readonly string[];
}

async function storeRows(
  rows: RowSource,
  targets: ArrayLike<RowValue> | undefined,
  home: string,
): Promise<StoredRows> {
  const folder = join(resolve(home), "rows");
  closeOwnFolder(dirname(folder));
  closeOwnFolder(folder);
  const staging = await mkdtemp(join(folder, "unfinished-"));
  try {
    const file = join(staging, "rows.csv");
    const digest = createHash("sha256");
    const texts = new Set<string>();
    const handle = await open(file, "wx", ownFile);
    try {
      for await (const text of csvOf(rows, { targets, texts })) {
        digest.update(text);
        await handle.appendFile(text);
      }
    } finally {
      await handle.close();
    }
    const path = join(folder, `${digest.digest("hex")}.csv`);
    await rename(file, path);
    return { path, textColumns: [...texts] };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Rows as the text of a CSV file, in lines. */
async function* csvOf(
  rows: RowSource,
  more: {
    readonly names?: readonly string[];
    readonly targets?: ArrayLike<RowValue> | undefined;
    /** Is told the columns that hold a text. */
    readonly texts?: Set<string>;
  },
): AsyncGenerator<string> {
  const { targets, texts } = more;
  let piece = "";
  let count = 0;
  for await (const { names, cells } of namedRows(rows, more.names)) {
    if (count === 0) piece = lineOf(targets === undefined ? names : [...names, targetName]);
    for (const [i, cell] of cells.entries()) if (typeof cell === "string") texts?.add(names[i]!);
    piece += lineOf(targets === undefined ? cells : [...cells, targetAt(targets, count)]);
    count++;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  if (targets !== undefined && targets.length !== count)
    throw new RunError("bad-rows", `targets: ${targets.length} of them, for ${count} rows`, {
      hint: "give one for each row, in the same order",
    });
  if (count === 0)
    throw new RunError("no-rows", "rows: there are none", { hint: "give at least one row" });
  yield piece;
}

const pieceLength = 64 * 1024;

function targetAt(targets: ArrayLike<RowValue>, row: number): RowValue {
  return row < targets.length ? targets[row] : null;
}

function lineOf(cells: readonly RowValue[]): string {
  return `${cells.map(csvField).join(",")}\n`;
}

/** Numbers as they are read again, to the bit. */
function csvField(cell: RowValue): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") return Number.isNaN(cell) ? "" : String(cell);
  const text = String(cell);
  return /^[\w.-]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

/** Rows as a source in memory. Lists have values in the order of `names`. */
export async function rowsInMemory(rows: RowSource, names: readonly string[]): Promise<Source> {
  const lines: string[] = [];
  for await (const piece of csvOf(rows, { names })) lines.push(piece);
  return sourceOf(new TextEncoder().encode(lines.join("")));
}

function sourceOf(bytes: Uint8Array): Source {
  return {
    name: "rows",
    sizeBytes: bytes.length,
    identity: async () => createHash("sha256").update(bytes).digest("hex"),
    async *bytes() {
      yield bytes;
    },
    range: async (from, to) => bytes.slice(from, to),
  };
}
