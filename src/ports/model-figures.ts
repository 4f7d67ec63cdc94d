/** Whether training ended because it was done, by the gradient that the last round saw. */
export interface Convergence {
  readonly converged: boolean;
  /** What was left of it, as `stop.tolerance` measures it. */
  readonly gradient: number;
  /** What it was to fall to: `stop.tolerance`. */
  readonly tolerance: number;
  /** The duality gap: it is above the optimum by this part of it at most; absent without one. */
  readonly gap?: number;
  /** Without a gap: weights 1 % off are worth so many % of the first objective at most. */
  readonly stationarity?: number;
  /** In words, where it did not converge: what is the matter, and what to change. */
  readonly reason?: string;
  readonly remedy?: string;
}

/** What a model's predictions are worth on rows whose targets are known, each counted once. */
export interface ModelFigures {
  /** Which rows: those kept for testing, or those of training where none were. */
  readonly of: "test" | "train";
  readonly rows: number;
  readonly classes?: ClassFigures;
  readonly residuals?: ResidualFigures;
  /** Of a linear model: the features that move its predictions most, the first the most. */
  readonly importance?: readonly FeatureImportance[];
}

export interface ClassFigures {
  readonly labels: readonly string[];
  /** Rows by their class, and in each by the class they are taken for; absent of many classes. */
  readonly confusion?: readonly (readonly number[])[];
  /** The logloss of giving every row the classes' shares of these rows. */
  readonly baseLogloss: number;
  /** Absent where predictions say nothing of chances. */
  readonly calibration?: ChanceCalibration;
}

/** Whether chances come true. */
export interface ChanceCalibration {
  /** Of two classes the second; null of several: each row's most likely one. */
  readonly of: string | null;
  /** The mean squared distance of chances from what came; of several classes the sum over them. */
  readonly brier: number;
  /** By how much chances and what came differ, the mean over bins by their rows. */
  readonly expectedError: number;
  /** Those with rows, in order: a tenth of all chances each. */
  readonly bins: readonly ReliabilityBin[];
}

export interface ReliabilityBin {
  /** Chances above this, up to a tenth more. */
  readonly above: number;
  readonly rows: number;
  /** The mean chance, and the share of rows that it came true of. */
  readonly predicted: number;
  readonly observed: number;
}

/** Of targets less predictions. */
export interface ResidualFigures {
  readonly mean: number;
  /** Shares, and what so many residuals are below. */
  readonly quantiles: readonly (readonly [share: number, value: number])[];
}

export interface FeatureImportance {
  readonly feature: string;
  /** The class whose prediction it moves most, where each has weights of its own. */
  readonly class?: string;
  /** What a deviation of the feature, over these rows, adds to the prediction. */
  readonly perDeviation: number;
}
