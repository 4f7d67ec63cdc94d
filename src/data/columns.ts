import * as z from "zod";

/** Values as a file spells them; YAML reads some as numbers or truth values. */
export const spelled = z
  .array(z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .refine((values) => new Set(values).size === values.length, "expected each value once");

const levels = spelled.refine((values) => values.length > 0, "expected a level or more");

const dateForms = ["parts", "days"] as const;

const form = z.union(
  [
    z.enum(["number", "category", "date", "drop", "hash", "frequency"]),
    z.strictObject({ type: z.literal("number").describe("numbers, whatever they look like") }),
    z.strictObject({
      type: z.literal("category").describe("a feature for each word, or for each code"),
      levels: levels.optional().describe("which there are, in order; any other is none of them"),
    }),
    z.strictObject({
      type: z.literal("ordinal").describe("words in an order: one feature, their places in it"),
      levels: spelled
        .refine((values) => values.length >= 2, "expected two levels or more")
        .describe("all of them, from the least to the greatest; any other is refused"),
    }),
    z.strictObject({
      type: z.literal("date").describe("dates, or dates and times"),
      as: z
        .enum(dateForms)
        .optional()
        .describe("days since 1970-01-01, or parts: year, month, day and weekday besides"),
      times: z
        .boolean()
        .optional()
        .describe("whether parts have hour and minute; if absent, where training rows have times"),
    }),
    z.strictObject({ type: z.literal("drop").describe("nothing") }),
    z.strictObject({
      type: z.literal("hash").describe("a feature for each bucket that words are hashed into"),
      buckets: z.int().min(2).max(65_536).default(256).describe("how many buckets there are"),
    }),
    z.strictObject({
      type: z.literal("frequency").describe("one feature: the word's share of the training rows"),
    }),
  ],
  "expected number, category, date, drop, hash or frequency, or one with its options: " +
    "{ type: category, levels: [a, b] }, { type: ordinal, levels: [low, mid, high] }, " +
    "{ type: date, as: parts }, { type: hash, buckets: 256 }",
);

/** What a spec says a column is to become, complete. */
export type ColumnChoice =
  | { readonly type: "number" | "drop" | "frequency" }
  | { readonly type: "category"; readonly levels?: readonly string[] | undefined }
  | { readonly type: "ordinal"; readonly levels: readonly string[] }
  | {
      readonly type: "date";
      readonly as?: (typeof dateForms)[number] | undefined;
      readonly times?: boolean | undefined;
    }
  | { readonly type: "hash"; readonly buckets: number };

const bucketsUsual = 256;

/** `data.columns`: what columns become, by name. A name alone has its usual options. */
export const columnsSchema = z.record(
  z.string(),
  form.transform((chosen): ColumnChoice => {
    if (typeof chosen !== "string") return chosen;
    return chosen === "hash" ? { type: chosen, buckets: bucketsUsual } : { type: chosen };
  }),
);

/** Of `data`: what says something of columns by their names. */
interface NamedColumns {
  readonly columns?: Readonly<Record<string, ColumnChoice>> | undefined;
  readonly drop: readonly string[];
  readonly categorical: readonly string[];
  readonly levels?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Every column that a spec says something of, by whichever option. */
export function columnChoices({
  columns = {},
  drop,
  categorical,
  levels: stated = {},
}: NamedColumns): ReadonlyMap<string, ColumnChoice> {
  return new Map<string, ColumnChoice>([
    ...categorical.map((name) => [name, { type: "category" }] as const),
    ...Object.entries(stated).map(([name, own]) => [name, categoryOf(own)] as const),
    ...Object.entries(columns),
    ...drop.map((name) => [name, { type: "drop" }] as const),
  ]);
}

function categoryOf(own: readonly string[]): ColumnChoice {
  return { type: "category", levels: own };
}

/** The columns that a spec leaves out by name. */
export function droppedColumns(options: NamedColumns): string[] {
  return [...columnChoices(options)].flatMap(([name, { type }]) => (type === "drop" ? [name] : []));
}
