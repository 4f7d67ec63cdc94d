import type { Source } from "../../../src/data/sources/source.ts";

/**
 * A cost file as AWS writes it, composed by hand. Columns and their meaning are those of the table
 * dictionary of Data Exports, COST_AND_USAGE_REPORT (CUR 2.0): identity_line_item_id,
 * bill_payer_account_id, line_item_line_item_type, line_item_usage_start_date and _end_date (UTC),
 * line_item_product_code, line_item_usage_type, line_item_operation, line_item_usage_amount,
 * line_item_currency_code, line_item_unblended_cost, line_item_resource_id (with INCLUDE_RESOURCES)
 * and resource_tags, a map, which in CSV is a JSON object of its activated tags.
 */
export const header = [
  "identity_line_item_id",
  "bill_payer_account_id",
  "line_item_line_item_type",
  "line_item_usage_start_date",
  "line_item_usage_end_date",
  "line_item_product_code",
  "line_item_usage_type",
  "line_item_operation",
  "line_item_usage_amount",
  "line_item_currency_code",
  "line_item_unblended_cost",
  "line_item_line_item_description",
  "line_item_resource_id",
  "resource_tags",
] as const;

type Row = Partial<Record<(typeof header)[number], string>>;

const usual: Row = {
  identity_line_item_id: "a1b2",
  bill_payer_account_id: "123456789012",
  line_item_line_item_type: "Usage",
  line_item_usage_start_date: "2026-11-20T10:00:00.000Z",
  line_item_usage_end_date: "2026-11-20T11:00:00.000Z",
  line_item_product_code: "AWSLambda",
  line_item_operation: "Invoke",
  line_item_currency_code: "USD",
  line_item_line_item_description: 'per GB-second, "first" tier, Europe (Ireland)',
};

export const arn = (name: string) => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;

export function costText(rows: readonly Row[], columns: readonly string[] = header): string {
  const lines = rows.map((row) => {
    const full: Record<string, string> = { ...usual, ...row };
    return columns.map((column) => quoted(full[column] ?? "")).join(",");
  });
  return `${columns.join(",")}\r\n${lines.join("\r\n")}\r\n`;
}

function quoted(cell: string): string {
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Text or bytes as a source, in chunks that end anywhere. */
export function sourceOf(content: string | Uint8Array, chunkBytes = 97): Source {
  const bytes = Buffer.from(content);
  return {
    name: "costs.csv",
    sizeBytes: bytes.length,
    identity: async () => "",
    async *bytes() {
      for (let at = 0; at < bytes.length; at += chunkBytes)
        yield bytes.subarray(at, at + chunkBytes);
    },
    range: async (from, to) => bytes.subarray(from, to),
  };
}
