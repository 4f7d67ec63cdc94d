import { asMapping } from "../../core/json.ts";
import { arrowField } from "./arrow-types.ts";
import { FlatTable } from "./flat-buffer.ts";

/** What a writer leaves in a file for its own reader. */
export type WriterNotes = readonly { readonly key: string; readonly value?: string }[];

const arrowKey = "ARROW:schema";
const sparkKey = "org.apache.spark.sql.parquet.row.metadata";

/**
 * Columns of which only the writer's own note says that their numbers are spans of time, or their
 * texts bytes: Parquet has no type for these, so the file alone would have them read as they stand.
 */
export function notedOpaque(notes: WriterNotes): ReadonlyMap<string, string> {
  const noted = (key: string) => notes.find((note) => note.key === key)?.value;
  const [arrow, spark] = [noted(arrowKey), noted(sparkKey)];
  return new Map([
    ...(arrow === undefined ? [] : arrowOpaque(arrow)),
    ...(spark === undefined ? [] : sparkOpaque(spark)),
  ]);
}

/** Of Arrow's schema in base64, as a message of its format between processes. */
function arrowOpaque(text: string): (readonly [string, string])[] {
  const bytes = Buffer.from(text, "base64");
  const header = FlatTable.root(bytes.subarray(bytes.readUInt32LE(0) === 0xffffffff ? 8 : 4));
  const fields = header.table(2)?.tables(1).map(arrowField) ?? [];
  return fields.flatMap(({ name, found: { opaque } }) =>
    opaque === undefined ? [] : [[name, opaque] as const],
  );
}

/** Of Spark's schema in JSON. */
function sparkOpaque(text: string): (readonly [string, string])[] {
  const fields: unknown = asMapping(JSON.parse(text))?.fields;
  if (!Array.isArray(fields)) return [];
  return fields.flatMap((field): (readonly [string, string])[] => {
    const { name, type } = asMapping(field) ?? {};
    if (typeof name !== "string" || typeof type !== "string") return [];
    if (type.startsWith("interval")) return [[name, "spans of time"]];
    return type === "binary" ? [[name, "bytes"]] : [];
  });
}

/** Columns that pandas wrote for the index of its table; `text` is its note in the file. */
export function indexColumns(
  names: readonly string[],
  text: string | undefined,
): ReadonlySet<string> {
  const own = names.filter((name) => /^__index_level_\d+__$/.test(name));
  if (text === undefined) return new Set(own);
  const { index_columns: columns } = JSON.parse(text) as { index_columns?: unknown };
  const named = Array.isArray(columns) ? columns.filter((name) => typeof name === "string") : [];
  return new Set([...own, ...named]);
}
