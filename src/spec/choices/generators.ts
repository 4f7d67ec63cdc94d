// Made by `npm run docs` from the registries: edit those, not this file.

interface GeneratorChoiceShared {
  /** Another seed makes another data set; the run's own seed does not. Default: 1. */
  readonly seed?: number | undefined;
}

/** A linear model with noise; features may be correlated, some rows far out. */
interface RegressionGenerator extends GeneratorChoiceShared {
  readonly type: "regression";
  /** How many rows to make. At least 1, at most 1000000000. Default: 1000. */
  readonly rows?: number | undefined;
  /** How many features a row has. At least 1, at most 4194304. Default: 20. */
  readonly features?: number | undefined;
  /** The noise's deviation; the signal's is 1. At least 0. Default: 0.1. */
  readonly noise?: number | undefined;
  /**
   * Between any two features, by a factor that all share. At least 0, at most 0.999. Default:
   * 0.
   */
  readonly correlation?: number | undefined;
  /**
   * The share of rows that are ten times as long as others. At least 0, at most 1. Default: 0.
   */
  readonly leverage?: number | undefined;
}

/** Classes by a softmax model: the larger the separation, the fewer rows on a wrong side. */
interface ClassificationGenerator extends GeneratorChoiceShared {
  readonly type: "classification";
  /** How many rows to make. At least 1, at most 1000000000. Default: 1000. */
  readonly rows?: number | undefined;
  /** How many features a row has. At least 1, at most 4194304. Default: 20. */
  readonly features?: number | undefined;
  /** How many classes there are. At least 2, at most 1000. Default: 2. */
  readonly classes?: number | undefined;
  /** Deviation of a class's score; noise has 1. At least 0. Default: 4. */
  readonly separation?: number | undefined;
}

/** Two classes by a logistic model over few ones among many features. */
interface SparseClassificationGenerator extends GeneratorChoiceShared {
  readonly type: "sparse-classification";
  /** How many rows to make. At least 1, at most 1000000000. Default: 1000. */
  readonly rows?: number | undefined;
  /** How many features a row has. At least 1, at most 4194304. Default: 1000. */
  readonly features?: number | undefined;
  /** Features of a row that are one. At least 1, at most 10000. Default: 20. */
  readonly entries?: number | undefined;
  /** Deviation of a row's score. At least 0. Default: 4. */
  readonly separation?: number | undefined;
}

/** Ratings of items by users, from factors and biases with noise: x0 the user, x1 the item. */
interface RatingsGenerator extends GeneratorChoiceShared {
  readonly type: "ratings";
  /** How many ratings to make. At least 1, at most 1000000000. Default: 22000. */
  readonly rows?: number | undefined;
  /** How many users there are. At least 1, at most 1000000. Default: 600. */
  readonly users?: number | undefined;
  /** How many items there are. At least 1, at most 1000000. Default: 370. */
  readonly items?: number | undefined;
  /** Numbers in a factor. At least 1, at most 1000. Default: 15. */
  readonly rank?: number | undefined;
  /**
   * Deviation that each coordinate of the product has, relative to the one before. At most 1.
   * Default: 0.8.
   */
  readonly decay?: number | undefined;
  /** Deviation of the factors' product. At least 0. Default: 0.6. */
  readonly signal?: number | undefined;
  /** Deviation of a user's, or item's, bias. At least 0. Default: 0.4. */
  readonly bias?: number | undefined;
  /** Deviation of the noise. At least 0. Default: 0.57. */
  readonly noise?: number | undefined;
  /** What every rating starts from. Default: 3. */
  readonly base?: number | undefined;
}

/** A data set that is made up. */
export type GeneratorChoice =
  | RegressionGenerator
  | ClassificationGenerator
  | SparseClassificationGenerator
  | RatingsGenerator;
