import { RunError } from "../../core/errors.ts";
import { textRecords } from "../../data/formats/text-records.ts";
import type { Source } from "../../data/sources/source.ts";

/** One line of what AWS charged. */
export interface CostLine {
  /** As in AWSLambda, AmazonS3. */
  readonly product: string;
  /** As in EUW1-Lambda-GB-Second-ARM. */
  readonly usageType: string;
  readonly amount: number;
  readonly costUsd: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Null where the file has no column for it, empty where the line names none. */
  readonly resource: string | null;
  readonly tags: Readonly<Record<string, string>> | null;
}

/** The columns of COST_AND_USAGE_REPORT (CUR 2.0) that a comparison needs. */
const needed = [
  "line_item_usage_start_date",
  "line_item_usage_end_date",
  "line_item_product_code",
  "line_item_usage_type",
  "line_item_usage_amount",
  "line_item_unblended_cost",
] as const;
const wished = [
  "line_item_line_item_type",
  "line_item_resource_id",
  "line_item_currency_code",
  "resource_tags",
] as const;
const linesMax = 20_000_000;

type Column = (typeof needed)[number] | (typeof wished)[number];

/**
 * Reads the usage in an export of AWS's costs (CUR 2.0 as CSV, plain or gzip); skips taxes, credits
 * and fees. Throws `RunError` with the line for anything of another form.
 */
export async function* readCosts(source: Source): AsyncGenerator<CostLine> {
  let places: Map<Column, number> | null = null;
  let width = 0;
  let line = 0;
  for await (const record of textRecords(source)) {
    line++;
    if (places === null) {
      places = placesOf(record, source.name);
      width = record.length;
      continue;
    }
    const where = `${source.name}: record ${line}`;
    if (record.length !== width)
      throw bad(`${where}: ${record.length} fields, the header has ${width}`);
    if (line > linesMax) throw bad(`${source.name}: more than ${linesMax} lines`);
    const cost = costOf(record, places, where);
    if (cost !== null) yield cost;
  }
  if (places === null) throw bad(`${source.name}: there is not even a header`);
}

function placesOf(header: readonly string[], name: string): Map<Column, number> {
  const at = new Map(header.map((title, i) => [title.trim(), i]));
  const lacking = needed.filter((column) => !at.has(column));
  if (lacking.length > 0) {
    const old = at.has("lineItem/UsageType") ? " (it has those of the older report)" : "";
    throw bad(`${name}: no column ${lacking.join(", ")}${old}`);
  }
  return new Map(
    [...needed, ...wished].flatMap((one) => (at.has(one) ? [[one, at.get(one)!]] : [])),
  );
}

function costOf(
  record: readonly string[],
  places: ReadonlyMap<Column, number>,
  where: string,
): CostLine | null {
  const cell = (column: Column): string | null => {
    const place = places.get(column);
    return place === undefined ? null : record[place]!;
  };
  const type = cell("line_item_line_item_type") ?? "Usage";
  if (!/Usage$/.test(type)) return null;
  const currency = cell("line_item_currency_code") ?? "USD";
  if (currency !== "USD" && currency !== "")
    throw bad(`${where}: the currency is ${currency.slice(0, 8)}, expected USD`);
  const number = (column: Column) => {
    const text = cell(column) ?? "";
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value)) return value;
    throw bad(`${where}: ${column} is ${JSON.stringify(text.slice(0, 40))}, expected a number`);
  };
  const time = (column: Column) => {
    const text = cell(column) ?? "";
    const ms = Date.parse(/[zZ]$|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(" ", "T")}Z`);
    if (Number.isFinite(ms)) return ms;
    throw bad(`${where}: ${column} is ${JSON.stringify(text.slice(0, 40))}, expected a time`);
  };
  return {
    product: cell("line_item_product_code")!,
    usageType: cell("line_item_usage_type")!,
    amount: number("line_item_usage_amount"),
    costUsd: number("line_item_unblended_cost"),
    startMs: time("line_item_usage_start_date"),
    endMs: time("line_item_usage_end_date"),
    resource: cell("line_item_resource_id"),
    tags: tagsOf(cell("resource_tags"), where),
  };
}

/** A map column is JSON in CSV. */
function tagsOf(text: string | null, where: string): Record<string, string> | null {
  if (text === null) return null;
  if (text.trim() === "") return {};
  try {
    const tags: unknown = JSON.parse(text);
    if (typeof tags === "object" && tags !== null && !Array.isArray(tags))
      return Object.fromEntries(Object.entries(tags).map(([key, tag]) => [key, String(tag)]));
  } catch {
    // Refused below like any other text that is not a JSON object.
  }
  throw bad(`${where}: resource_tags is ${JSON.stringify(text.slice(0, 40))}, expected JSON`);
}

function bad(message: string): RunError {
  return new RunError("bad-cost-file", message, {
    hint:
      "export COST_AND_USAGE_REPORT (CUR 2.0, Data Exports) as CSV with at least " +
      `${needed.join(", ")}; better with line_item_resource_id and resource_tags`,
  });
}
