import type { DataOptions } from "../options.ts";
import { firstBytes } from "../sources/inflate.ts";
import type { Source } from "../sources/source.ts";
import { openCsv } from "./csv.ts";
import { refuseForeign } from "./foreign-files.ts";
import { openJsonLines } from "./json-lines.ts";
import { openLibsvm } from "./libsvm.ts";
import { openNpy } from "./npy.ts";
import type { Layout, Table } from "./table.ts";

export type Format = Exclude<DataOptions["format"], "auto">;

const magics: readonly [Format, readonly number[]][] = [
  ["npy", [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]],
  ["parquet", [0x50, 0x41, 0x52, 0x31]],
  ["arrow", [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31, 0, 0]],
  ["arrow", [0xff, 0xff, 0xff, 0xff]],
];

const endings: readonly [RegExp, Format][] = [
  [/\.(libsvm|svm|svmlight)(\.(gz|zst))?$/i, "libsvm"],
  [/\.npy$/i, "npy"],
  [/\.(parquet|pq)$/i, "parquet"],
  [/\.(arrow|arrows|feather|ipc)$/i, "arrow"],
  [/\.(jsonl|ndjson)(\.(gz|zst))?$/i, "jsonl"],
  [/\.(csv|tsv)(\.(gz|zst))?$/i, "csv"],
];

/** What lines of text look like, where no name says it. */
const looks: readonly [RegExp, Format][] = [
  [/^\s*\{\s*"/, "jsonl"],
  [/^\s*[-+]?\d[\d.eE+-]*(?:\s+\d+:[-+\d.][\d.eE+-]*)+\s*(?:#|$)/, "libsvm"],
];

/**
 * What a source is written in, by the option, else its first bytes, else its name, else its first
 * line. Throws `RunError` naming what it is where that is not read here.
 */
export async function formatOf(source: Source, option: DataOptions["format"]): Promise<Format> {
  const head = await firstBytes(source, 4_096);
  const match = magics.find(([, magic]) => magic.every((byte, i) => head[i] === byte));
  if (match === undefined) refuseForeign(source, head);
  if (option !== "auto") return option;
  if (match !== undefined) return match[0];
  const named = endings.find(([ending]) => ending.test(source.name));
  if (named !== undefined) return named[1];
  const [line = ""] = head.toString("utf8").split("\n");
  return looks.find(([look]) => look.test(line))?.[1] ?? "csv";
}

/** Opens a source of any format; `targets` is a second file for formats without column names. */
export async function openTable(
  source: Source,
  targets: Source | null,
  format: Format,
  options: DataOptions,
  layout: Layout,
): Promise<Table> {
  if (format === "libsvm") return openLibsvm(source, options, layout);
  if (format === "npy") return openNpy(source, targets, options.missingValues, layout);
  // Their decoders are large.
  if (format === "parquet") {
    const { openParquet } = await import("./parquet.ts");
    return openParquet(source, options.missingValues, layout);
  }
  if (format === "arrow") {
    const { openArrow } = await import("./arrow.ts");
    return openArrow(source, options.missingValues, layout);
  }
  if (format === "jsonl") return openJsonLines(source, options.missingValues, layout);
  return openCsv(source, options, layout);
}
