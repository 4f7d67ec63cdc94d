import type { DataOptions } from "../options.ts";
import type { Source } from "../sources/source.ts";
import { openCsv } from "./csv.ts";
import { openLibsvm } from "./libsvm.ts";
import { openNpy } from "./npy.ts";
import { openParquet } from "./parquet.ts";
import type { Layout, Table } from "./table.ts";

export type Format = Exclude<DataOptions["format"], "auto">;

const magics: readonly [Format, readonly number[]][] = [
  ["npy", [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]],
  ["parquet", [0x50, 0x41, 0x52, 0x31]],
];

const endings: readonly [RegExp, Format][] = [
  [/\.(libsvm|svm|svmlight)(\.gz)?$/i, "libsvm"],
  [/\.npy$/i, "npy"],
  [/\.(parquet|pq)$/i, "parquet"],
  [/\.(csv|tsv|tab|txt|data)(\.gz)?$/i, "csv"],
];

/** What a source is written in, by the option, else its name, else its first bytes. */
export async function formatOf(source: Source, option: DataOptions["format"]): Promise<Format> {
  if (option !== "auto") return option;
  const named = endings.find(([ending]) => ending.test(source.name));
  if (named !== undefined) return named[1];
  const head = await source.range(0, Math.min(6, source.sizeBytes));
  const match = magics.find(([, magic]) => magic.every((byte, i) => head[i] === byte));
  return match?.[0] ?? "csv";
}

/** Opens a source of any format; `targets` is a second file for formats without column names. */
export async function openTable(
  source: Source,
  targets: Source | null,
  format: Format,
  options: DataOptions,
  layout: Layout,
): Promise<Table> {
  if (format === "libsvm") return openLibsvm(source, layout);
  if (format === "npy") return openNpy(source, targets, options.missingValues, layout);
  if (format === "parquet") return openParquet(source, options.missingValues, layout);
  return openCsv(source, options, layout);
}
