// Made by `npm run docs` from the registries: edit those, not this file.
import type { GeneratorChoice } from "./generators.ts";

/** Where rows are and how they become features: the `data` of a spec. */
export interface DataChoice {
  /**
   * A file's path, s3://bucket/key, https://... or hf://datasets/org/name@revision/path; a
   * folder of files, a pattern such as rows/part-*.csv, or a list, whose files have the same
   * columns: folders such as year=2024 are columns too.
   */
  readonly source?: string | readonly (string)[] | undefined;
  /** A data set to make up instead of a source: { type: regression, rows: 1000, ... }. */
  readonly generate?: GeneratorChoice | undefined;
  /**
   * The source's format; auto goes by its name and first bytes. Rows to predict may come in
   * another: truth values and numbers are taken by what they mean, not by how they are spelt.
   * Default: "auto".
   */
  readonly format?: 
    | "auto"
    | "arrow"
    | "csv"
    | "jsonl"
    | "libsvm"
    | "npy"
    | "parquet"
    | undefined;
  /**
   * The column to predict: its name, or its index from 0 (-1: the last). LIBSVM has its own.
   */
  readonly target?: string | number | undefined;
  /** A second file with the targets: of NPY, and of pairs of sentences. */
  readonly targetSource?: string | undefined;
  /** Read the source as running text: rows of tokens, the target what comes next. */
  readonly text?: {
    /**
     * What a token is: a character, or a byte pair learned from the text. Default:
     * "characters".
     */
    readonly vocabulary?: "characters" | {
      /** How many tokens there are at most. At least 257, at most 65536. */
      readonly bytePair: number;
    } | undefined;
    /** Tokens in a row. At least 2, at most 65536. Default: 64. */
    readonly length?: number | undefined;
    /** Tokens from one row's start to the next; the length where absent. At least 1. */
    readonly stride?: number | undefined;
  } | undefined;
  /**
   * Read the source as sentences to translate, one a line: the target after a tab, or on the
   * same line of data.targetSource.
   */
  readonly pairs?: {
    /**
     * The tokens that both sides share: byte pairs learned from both, or codes of subword-nmt,
     * or a model of sentencepiece.
     */
    readonly vocabulary?: 
      | {
      /** How many tokens there are at most. At least 257, at most 65000. */
      readonly bytePair: number;
    }
      | {
      /** The path of a codes file of subword-nmt. */
      readonly subwordNmt: string;
      /** How many tokens there are at most. At least 1, at most 65000. */
      readonly tokens: number;
    }
      | {
      /** The path of a .model file in BPE form. */
      readonly sentencePiece: string;
      /** How many pieces the file has at most. At least 1, at most 65000. */
      readonly tokens: number;
    } | undefined;
    /**
     * The most tokens a side of a training pair has; longer pairs are left out. At least 1, at
     * most 4096. Default: 100.
     */
    readonly length?: number | undefined;
    /** The targets of data.test, where that and the sources are files of their own. */
    readonly testTargetSource?: string | undefined;
  } | undefined;
  /**
   * The share of rows kept for testing (0 to 0.9), the path of a test file, or a share and what
   * decides which rows it takes: { share: 0.2, by: groups, column: patient }. Default: 0.
   */
  readonly test?: number | string | {
    /** The share of rows, or of groups, for testing. At most 0.9. */
    readonly share: number;
    /** As many rows of each class as its own share says. */
    readonly by: "stratified";
  } | {
    /** The share of rows, or of groups, for testing. At most 0.9. */
    readonly share: number;
    /**
     * Groups: all rows of a group are on one side, the share is of groups, and their column is
     * no feature; time: the latest rows, those of one time on one side.
     */
    readonly by: "groups" | "time";
    /** The column of groups, or of dates or numbers that tell what is later. */
    readonly column: string;
  } | undefined;
  /** Keep the same share of each class for testing, rounded; for classes alone. */
  readonly stratify?: boolean | undefined;
  /**
   * What separates CSV fields: a comma, semicolon, tab or bar, two colons, or blanks and tabs.
   * Default: "auto".
   */
  readonly delimiter?: "auto" | "," | ";" | "\t" | "|" | "::" | "whitespace" | undefined;
  /** Whether the first CSV row names the columns. Default: "auto". */
  readonly header?: "auto" | boolean | undefined;
  /**
   * Columns to leave out; a first column that has no name and tells rows apart, as pandas and R
   * write it, and a pandas table's index in Parquet are left out without being named.
   */
  readonly drop?: readonly (string)[] | undefined;
  /** Columns to read as categories though they are numbers. */
  readonly categorical?: readonly (string)[] | undefined;
  /**
   * What columns become, by name: number, category, date, drop, hash or frequency, or one with
   * its options: { size: { type: ordinal, levels: [low, mid, high] }, day: { type: date, as:
   * parts }, zip: { type: hash, buckets: 256 } }.
   */
  readonly columns?: Readonly<Record<string, 
    | "number" | "category" | "date" | "drop" | "hash" | "frequency"
    | {
    /** Numbers, whatever they look like. */
    readonly type: "number";
  }
    | {
    /** A feature for each word, or for each code. */
    readonly type: "category";
    /** Which there are, in order; any other is none of them. */
    readonly levels?: readonly (string | number | boolean)[] | undefined;
  }
    | {
    /** Words in an order: one feature, their places in it. */
    readonly type: "ordinal";
    /** All of them, from the least to the greatest; any other is refused. */
    readonly levels: readonly (string | number | boolean)[];
  }
    | {
    /** Dates, or dates and times. */
    readonly type: "date";
    /** Days since 1970-01-01, or parts: year, month, day and weekday besides. */
    readonly as?: "parts" | "days" | undefined;
    /** Whether parts have hour and minute; if absent, where training rows have times. */
    readonly times?: boolean | undefined;
  }
    | {
    /** Nothing. */
    readonly type: "drop";
  }
    | {
    /** A feature for each bucket that words are hashed into. */
    readonly type: "hash";
    /** How many buckets there are. At least 2, at most 65536. Default: 256. */
    readonly buckets?: number | undefined;
  }
    | {
    /** One feature: the word's share of the training rows. */
    readonly type: "frequency";
  }>> | undefined;
  /**
   * What columns of dates, or dates and times, become: days since 1970-01-01 (usually), parts
   * (days, year, month, day, weekday, and hour and minute where there are times), words, or
   * nothing; they are written like 2024-01-31 or 2024-01-31 12:30:00, in UTC.
   */
  readonly dates?: "days" | "parts" | "words" | "drop" | undefined;
  /**
   * The most categories one column may have; each becomes a feature. At least 2, at most 10000.
   * Default: 100.
   */
  readonly categoriesMax?: number | undefined;
  /**
   * The target's classes in order, where they are public knowledge and not to be learned from
   * the rows; private runs need them.
   */
  readonly classes?: readonly (string | number | boolean)[] | undefined;
  /**
   * Columns to read as categories, and their levels in order, where those are public knowledge:
   * { kind: [flat, house] }; any other value is none of them.
   */
  readonly levels?: 
    | Readonly<Record<string, readonly (string
    | number
    | boolean)[]>>
    | undefined;
  /**
   * How many features LIBSVM rows have at most, where that is not to be learned. At least 1, at
   * most 4194304.
   */
  readonly features?: number | undefined;
  /**
   * Features of LIBSVM rows by the hashing trick: indices, counted from 0, are taken modulo
   * this, and values of a row that fall together are added up. For files with more features
   * than a model can name. At least 2, at most 4194304.
   */
  readonly indexBuckets?: number | undefined;
  /**
   * Whether indices of LIBSVM rows count from 0 instead of 1; auto, the usual way, looks
   * whether a 0 stands among them, also in a test file. A file that counts from 0 and has no
   * value of its first feature looks as if it counted from 1: say true.
   */
  readonly zeroBased?: "auto" | boolean | undefined;
  /**
   * A column that says what each training row counts, 0 or more: of the objective, not of
   * metrics. A row of 2 counts as two rows do; it is no feature.
   */
  readonly weights?: string | undefined;
  /**
   * What training rows of each class count, 1 where none is given; balanced: all classes alike.
   */
  readonly classWeights?: "balanced" | Readonly<Record<string, number>> | undefined;
  /**
   * What to do about missing values: refuse, or impute the mean or commonest value. Default:
   * "refuse".
   */
  readonly missing?: "refuse" | "impute" | undefined;
  /**
   * Texts that mean a value is missing; among numbers NULL, None, <NA>, \N, #N/A, - and their
   * like mean it too.
   */
  readonly missingValues?: readonly (string)[] | undefined;
  /**
   * Scale numeric features to mean 0 and deviation 1 over the training rows; those of sparse
   * rows to deviation 1 alone, so that zeros stay zeros. Default: true.
   */
  readonly standardize?: boolean | undefined;
  /**
   * How encoded shards store features: in 4 bytes each, in 2 (off by at most 0.4 %), or in 1
   * (off by at most 0.4 % of the row's largest). Default: "float32".
   */
  readonly storage?: "float32" | "bfloat16" | "int8" | undefined;
  /**
   * What decides which rows are for testing and at which worker: their number and place, or
   * each row itself, by a keyed hash; records usually in private runs under add-remove alone.
   */
  readonly membership?: "places" | "records" | undefined;
  /** Add a last feature that is always 1. Default: true. */
  readonly intercept?: boolean | undefined;
}
