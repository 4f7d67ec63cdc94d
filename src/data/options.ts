import * as z from "zod";
import { storageNames } from "../math/packing.ts";
import { columnsSchema, spelled } from "./columns.ts";
import { testSchema } from "./held-out.ts";

const names = z.array(z.string());

const dataObject = z.strictObject({
  source: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe(
      "a file's path, s3://bucket/key, https://... or hf://datasets/org/name@revision/path; a " +
        "folder of files, a pattern such as rows/part-*.csv, " +
        "or a list, whose files have the same columns: folders such as year=2024 are columns too",
    ),
  generate: z
    .looseObject({ type: z.string() })
    .optional()
    .describe("a data set to make up instead of a source: { type: regression, rows: 1000, ... }"),
  format: z
    .enum(["auto", "arrow", "csv", "jsonl", "libsvm", "npy", "parquet"])
    .default("auto")
    .describe(
      "the source's format; auto goes by its name and first bytes. Rows to predict may come in " +
        "another: truth values and numbers are taken by what they mean, not by how they are spelt",
    ),
  target: z
    .union([z.string().min(1), z.int()])
    .optional()
    .describe(
      "the column to predict: its name, or its index from 0 (-1: the last). LIBSVM has its own",
    ),
  targetSource: z
    .string()
    .min(1)
    .optional()
    .describe("a second file with the targets: of NPY, and of pairs of sentences"),
  text: z
    .strictObject({
      vocabulary: z
        .union([
          z.literal("characters"),
          z.strictObject({
            bytePair: z.int().min(257).max(65_536).describe("how many tokens there are at most"),
          }),
        ])
        .default("characters")
        .describe("what a token is: a character, or a byte pair learned from the text"),
      length: z.int().min(2).max(65_536).default(64).describe("tokens in a row"),
      stride: z
        .int()
        .min(1)
        .optional()
        .describe("tokens from one row's start to the next; the length where absent"),
    })
    .optional()
    .describe("read the source as running text: rows of tokens, the target what comes next"),
  pairs: z
    .strictObject({
      vocabulary: z
        .union(
          [
            z.strictObject({
              bytePair: z.int().min(257).max(65_000).describe("how many tokens there are at most"),
            }),
            z.strictObject({
              subwordNmt: z.string().min(1).describe("the path of a codes file of subword-nmt"),
              tokens: z.int().min(1).max(65_000).describe("how many tokens there are at most"),
            }),
            z.strictObject({
              sentencePiece: z.string().min(1).describe("the path of a .model file in BPE form"),
              tokens: z.int().min(1).max(65_000).describe("how many pieces the file has at most"),
            }),
          ],
          "expected { bytePair: 4000 }, { subwordNmt: codes.txt, tokens: 4000 } or " +
            "{ sentencePiece: bpe.model, tokens: 4000 }",
        )
        .default({ bytePair: 4_000 })
        .describe(
          "the tokens that both sides share: byte pairs learned from both, or codes of " +
            "subword-nmt, or a model of sentencepiece",
        ),
      length: z
        .int()
        .min(1)
        .max(4_096)
        .default(100)
        .describe("the most tokens a side of a training pair has; longer pairs are left out"),
      testTargetSource: z
        .string()
        .min(1)
        .optional()
        .describe("the targets of data.test, where that and the sources are files of their own"),
    })
    .optional()
    .describe(
      "read the source as sentences to translate, one a line: the target after a tab, or on the " +
        "same line of data.targetSource",
    ),
  test: testSchema
    .default(0)
    .describe(
      "the share of rows kept for testing (0 to 0.9), the path of a test file, or a share and " +
        "what decides which rows it takes: { share: 0.2, by: groups, column: patient }",
    ),
  stratify: z
    .boolean()
    .optional()
    .describe("keep the same share of each class for testing, rounded; for classes alone"),
  delimiter: z
    .enum(["auto", ",", ";", "\t", "|", "::", "whitespace"])
    .default("auto")
    .describe(
      "what separates CSV fields: a comma, semicolon, tab or bar, two colons, or blanks and tabs",
    ),
  header: z
    .union([z.literal("auto"), z.boolean()])
    .default("auto")
    .describe("whether the first CSV row names the columns"),
  drop: names
    .default([])
    .describe(
      "columns to leave out; a first column that has no name and tells rows apart, as pandas and " +
        "R write it, and a pandas table's index in Parquet are left out without being named",
    ),
  categorical: names.default([]).describe("columns to read as categories though they are numbers"),
  columns: columnsSchema
    .optional()
    .describe(
      "what columns become, by name: number, category, date, drop, hash or frequency, or one " +
        "with its options: { size: { type: ordinal, levels: [low, mid, high] }, day: { type: " +
        "date, as: parts }, zip: { type: hash, buckets: 256 } }",
    ),
  dates: z
    .enum(["days", "parts", "words", "drop"])
    .optional()
    .describe(
      "what columns of dates, or dates and times, become: days since 1970-01-01 (usually), parts " +
        "(days, year, month, day, weekday, and hour and minute where there are times), words, or " +
        "nothing; they are written like 2024-01-31 or 2024-01-31 12:30:00, in UTC",
    ),
  categoriesMax: z
    .int()
    .min(2)
    .max(10_000)
    .default(100)
    .describe("the most categories one column may have; each becomes a feature"),
  classes: spelled
    .refine((values) => values.length >= 2 && values.length <= 1_000, "expected 2 to 1,000 classes")
    .optional()
    .describe(
      "the target's classes in order, where they are public knowledge and not to be learned from " +
        "the rows; private runs need them",
    ),
  levels: z
    .record(
      z.string(),
      spelled.refine((values) => values.length > 0, "expected a level or more"),
    )
    .optional()
    .describe(
      "columns to read as categories, and their levels in order, where those are public " +
        "knowledge: { kind: [flat, house] }; any other value is none of them",
    ),
  features: z
    .int()
    .min(1)
    .max(4_194_304)
    .optional()
    .describe("how many features LIBSVM rows have at most, where that is not to be learned"),
  indexBuckets: z
    .int()
    .min(2)
    .max(4_194_304)
    .optional()
    .describe(
      "features of LIBSVM rows by the hashing trick: indices, counted from 0, are taken modulo " +
        "this, and values of a row that fall together are added up. For files with more features " +
        "than a model can name",
    ),
  zeroBased: z
    .union([z.literal("auto"), z.boolean()])
    .optional()
    .describe(
      "whether indices of LIBSVM rows count from 0 instead of 1; auto, the usual way, looks " +
        "whether a 0 stands among them, also in a test file. A file that counts from 0 and has " +
        "no value of its first feature looks as if it counted from 1: say true",
    ),
  weights: z
    .string()
    .min(1)
    .optional()
    .describe(
      "a column that says what each training row counts, 0 or more: of the objective, not of " +
        "metrics. A row of 2 counts as two rows do; it is no feature",
    ),
  classWeights: z
    .union(
      [z.literal("balanced"), z.record(z.string(), z.number().min(0))],
      "expected balanced, or what rows of each class count: { no: 1, yes: 10 }",
    )
    .optional()
    .describe(
      "what training rows of each class count, 1 where none is given; balanced: all classes alike",
    ),
  missing: z
    .enum(["refuse", "impute"])
    .default("refuse")
    .describe("what to do about missing values: refuse, or impute the mean or commonest value"),
  missingValues: names
    .default(["", "NA", "N/A", "NaN", "null", "?"])
    .describe(
      "texts that mean a value is missing; among numbers NULL, None, <NA>, \\N, #N/A, - and " +
        "their like mean it too",
    ),
  standardize: z
    .boolean()
    .default(true)
    .describe(
      "scale numeric features to mean 0 and deviation 1 over the training rows; those of sparse " +
        "rows to deviation 1 alone, so that zeros stay zeros",
    ),
  storage: z
    .enum(storageNames)
    .default("float32")
    .describe(
      "how encoded shards store features: in 4 bytes each, in 2 (off by at most 0.4 %), or in 1 " +
        "(off by at most 0.4 % of the row's largest)",
    ),
  membership: z
    .enum(["places", "records"])
    .optional()
    .describe(
      "what decides which rows are for testing and at which worker: their number and place, or " +
        "each row itself, by a keyed hash; records usually in private runs under add-remove alone",
    ),
  intercept: z.boolean().default(true).describe("add a last feature that is always 1"),
});

/** The `data` part of a spec. */
export const dataSchema = dataObject.refine(
  ({ source, generate }) => (source === undefined) !== (generate === undefined),
  { message: "expected either source (a path) or generate (made-up data)" },
);

export type DataOptions = z.output<typeof dataSchema>;
/** As written, before defaults are filled in. */
export type DataInput = z.input<typeof dataSchema>;
