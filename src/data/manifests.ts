import { checkVersion } from "../core/json.ts";
import type { Chosen } from "../core/registry.ts";
import { damagedObject, parseStored } from "../store-damage.ts";
import type { SentenceVocabulary } from "./corpus/sentence-vocabulary.ts";
import type { Vocabulary } from "./corpus/vocabulary.ts";
import type { DatePart } from "./date-parts.ts";
import type { FeatureScales, LostDigits, OffsetMode } from "./offsets.ts";

/** Of `Prepared` and `Encoded`: raised with every change of their shape. */
export const manifestVersion = 1;
/** Of `Preparation`, which also goes with models. */
export const preparationVersion = 1;

/** One stored piece: a safetensors object whose key holds its digest. */
export interface StoredPart {
  readonly key: string;
  /** SHA-256 of the object's bytes, hexadecimal. */
  readonly sha256: string;
  readonly rows: number;
  readonly bytes: number;
}

/** How one source column becomes features. Saved with the model, so `predict` takes raw rows. */
export type ColumnPlan =
  | {
      readonly kind: "numeric";
      readonly name: string;
      /** 0 where standardising is off, unless a large offset is taken out. */
      readonly mean: number;
      /** 1 where the column is constant or standardising is off. */
      readonly deviation: number;
      /** What stands in for a missing value; null where missing values are refused. */
      readonly fill: number | null;
      /** Its numbers stand for truth values: true is 1, false 0. */
      readonly truth?: true;
      /** Its numbers are days since 1970-01-01. */
      readonly date?: true;
    }
  | {
      readonly kind: "category";
      readonly name: string;
      /** One feature each, in this order. */
      readonly levels: readonly string[];
      readonly fill: string | null;
    }
  | OrdinalPlan
  | FrequencyPlan
  | HashPlan
  | DatePartsPlan;

/** What is taken from a number, and what it is divided by, before it is stored. */
export interface NumberScale {
  readonly mean: number;
  readonly deviation: number;
}

/** Words in an order: the place of each, from 0, is the number. */
export interface OrdinalPlan extends NumberScale {
  readonly kind: "ordinal";
  readonly name: string;
  readonly levels: readonly string[];
  readonly fill: string | null;
}

/** A word is its share of the training rows that have one; a word that none has is 0. */
export interface FrequencyPlan extends NumberScale {
  readonly kind: "frequency";
  readonly name: string;
  readonly levels: readonly string[];
  /** Of each level, in this order. */
  readonly shares: readonly number[];
  readonly fill: number | null;
}

/** A word is hashed into a bucket: one feature each. */
export interface HashPlan {
  readonly kind: "hash";
  readonly name: string;
  readonly buckets: number;
  /** A bucket. */
  readonly fill: number | null;
}

/** A point in time is one feature for each of its parts. */
export interface DatePartsPlan {
  readonly kind: "date-parts";
  readonly name: string;
  readonly parts: readonly (NumberScale & { readonly part: DatePart })[];
  /** In days since 1970-01-01. */
  readonly fill: number | null;
}

/** How raw rows become features and targets. */
export interface Preparation {
  readonly version: typeof preparationVersion;
  readonly columns: readonly ColumnPlan[];
  readonly target: {
    readonly name: string;
    /** Two or more for classification: class i has this label. Null for numbers. */
    readonly classes: readonly string[] | null;
    /** What was taken from numbers before they were stored: predictions need it again. */
    readonly offset?: number;
  };
  readonly intercept: boolean;
  /** Features in the stored rows, intercept included. */
  readonly featureNames: readonly string[];
  readonly sparse: boolean;
  /** What the values of each sparse feature were divided by; absent where they are as they were. */
  readonly deviations?: readonly number[];
  /** Indices of its LIBSVM rows count from 0. */
  readonly zeroBased?: true;
  /** Its LIBSVM indices, counted from 0, were taken modulo this. */
  readonly indexBuckets?: number;
  /** Rows are windows of a text's tokens. */
  readonly text?: { readonly vocabulary: Vocabulary; readonly length: number };
  /** Rows are pairs of sentences: see `prepare/prepare-pairs.ts`. */
  readonly pairs?: { readonly vocabulary: SentenceVocabulary; readonly length: number };
}

/** A data set ready for training: unencoded rows, split, with all that was learned of them. */
export interface Prepared {
  readonly version: typeof manifestVersion;
  /** Names the content: source bytes and every option that shaped it. */
  readonly digest: string;
  readonly preparation: Preparation;
  readonly rows: number;
  readonly testRows: number;
  readonly columns: number;
  readonly train: readonly StoredPart[];
  readonly test: readonly StoredPart[];
  /** Over the training targets as stored. */
  readonly targetMean: number;
  readonly targetVariance: number;
  /** How offsets were looked at, where that can make a difference. */
  readonly offsets?: OffsetMode;
  /** Of linear models over features that are not standardised. */
  readonly scales?: FeatureScales;
  /** Columns that lose more than half of their digits in float32. */
  readonly lost?: readonly LostDigits[];
  /** What a person should know of columns that a spec does not name. */
  readonly notes?: readonly string[];
  /** Training rows count unlike, by weights with a mean of 1 that stand beside them. */
  readonly weighted?: true;
}

/** Encoded shards, one a slot. */
export interface Encoded {
  readonly version: typeof manifestVersion;
  readonly digest: string;
  readonly prepared: string;
  readonly encoding: Chosen;
  readonly seed: number;
  readonly workers: number;
  /** Data rows that were encoded. */
  readonly rows: number;
  readonly columns: number;
  readonly scale: number;
  readonly slots: readonly SlotRows[];
  /** How features are stored where that is not float32, and how far off that is. */
  readonly storage?: StoredIn;
  /** The data rows as prepared, where workers form what they store; nothing else is stored. */
  readonly raw?: {
    readonly parts: readonly StoredPart[];
    readonly sparse: boolean;
    /** Whoever reads them scales them by the roots of what they count. */
    readonly scaled?: true;
  };
  /** Of shared ratings: how many each user and each item has, in the order of their columns. */
  readonly ratings?: { readonly users: readonly number[]; readonly items: readonly number[] };
}

/** Rows X that are stored as X' in fewer bytes. */
export interface StoredIn {
  readonly type: "bfloat16" | "int8";
  /** |X' - X| / |X| over all stored rows, intercept included, in the Frobenius norm. */
  readonly relativeError: number;
}

/** What one slot stores. */
export interface SlotRows {
  readonly rows: number;
  readonly parts: readonly StoredPart[];
  /** What it is made of, where the worker makes it. */
  readonly raw?: RawRows;
}

export interface RawRows {
  /** How many data rows it needs. */
  readonly rows: number;
  /** The numbers of the parts that hold them, of `Encoded.raw.parts`. */
  readonly parts: readonly number[];
  /** Numbers that a task goes through, about. */
  readonly entries: number;
}

/**
 * A manifest as it was stored; `contentDigest` is what a run's record says of it. Throws `RunError`
 * where it is damaged, and for one of another version than this code's.
 */
export function parseManifest<Manifest>(
  bytes: Uint8Array,
  key: string,
  contentDigest?: string,
): Manifest {
  const stored = parseStored<Manifest>(bytes, key);
  const manifest = checkVersion(stored, manifestVersion, key);
  const { preparation, digest } = manifest as { preparation?: unknown; digest?: unknown };
  if (!key.endsWith(`/${digest}.json`))
    throw damagedObject(key, `it is the manifest of ${String(digest)}`);
  if (preparation !== undefined)
    checkVersion(preparation, preparationVersion, `${key}: preparation`);
  // What another version wrote is told as such first.
  if (contentDigest !== undefined) parseStored(bytes, key, contentDigest);
  return manifest;
}
