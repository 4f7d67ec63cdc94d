import type { PrivacySpent, RunFacts, StoppedEvent, TableTraffic } from "../ports/events.ts";
import type { ModelFigures } from "../ports/model-figures.ts";
import type { PhaseData } from "./phases.ts";
import type { PrintedLines } from "./printed.ts";
import type { SchedulePicture } from "./schedule.ts";

/**
 * Everything a report shows, as bounded plain data that survives JSON: the page draws this and
 * nothing else. Numbers that are not finite are null.
 */
export interface ReportData {
  readonly title: string;
  readonly runs: readonly RunData[];
  readonly verdict: ReportVerdict;
  /** Of one run, where it was asked for. */
  readonly whatIf?: WhatIf;
}

/** A recorded run, and how it would have gone otherwise. */
export interface WhatIf {
  /** NaN where the run has no result. */
  readonly recorded: { readonly seconds: number; readonly dollars: number };
  /** On the virtual clock and in the recorded weather: what the rows are compared with. */
  readonly again: WhatIfRow;
  readonly rows: readonly WhatIfRow[];
}

export interface WhatIfRow {
  readonly name: string;
  readonly seconds: number;
  readonly dollars: number;
  readonly rounds: number;
  readonly objective: number;
  /** Tasks of which the record tells nothing: what befell them was drawn from it. */
  readonly drawn: number;
  /** Tasks that the run's end cut off, so that their replies were seen by nobody... */
  readonly unseen?: readonly string[];
  /** ...and what it comes to if they were as late as any. */
  readonly atMost?: { readonly seconds: number; readonly dollars: number };
}

/** The first thing a person reads. */
export interface ReportVerdict {
  readonly sentence: string;
  /** What the sentence rests on, or what it leaves out. */
  readonly notes: readonly string[];
}

export interface RunData {
  readonly label: string;
  readonly run: string;
  readonly startedAt: string;
  readonly backend: string;
  readonly facts: RunFacts | null;
  /** Indented JSON, cut where it is very long. */
  readonly spec: string;
  readonly ending: RunEnding;
  readonly figures: ReplyFigures;
  readonly curve: Curve;
  readonly pace: LatencyData;
  readonly phases: PhaseData;
  readonly picture: Heatmap;
  readonly slots: readonly SlotData[];
  readonly spending: readonly SpendingPoint[];
  /** One step of a pipeline; null for other strategies. */
  readonly schedule: SchedulePicture | null;
  /** What the optimizer learned about itself; null where it learned nothing. */
  readonly coefficients: CoefficientCurves | null;
  /** How good its predictions are, where its result says so. */
  readonly model: ModelFigures | null;
  /** How tables' gradients travelled in the last round. */
  readonly tables: readonly TableTraffic[];
  readonly losses: readonly Counted[];
  readonly warnings: readonly Counted[];
  /** Of slots whose worker printed something, what it did last; the latest first. */
  readonly printed: readonly PrintedLines[];
  readonly resumes: number;
  /** Replies to rounds that were done again after a resume: paid for, shown nowhere else. */
  readonly repeatedReplies: number;
  /** Replies of slots that are not shown one by one. */
  readonly toldInSums: number;
}

export interface CoefficientCurves {
  readonly names: readonly string[];
  /** Values in the order of the names. */
  readonly points: readonly {
    readonly round: number;
    readonly values: readonly (number | null)[];
  }[];
}

export interface RunEnding {
  readonly kind: StoppedEvent["kind"] | "running";
  readonly reason: string;
}

export interface Staleness {
  readonly median: number;
  /** One gradient in twenty was older. */
  readonly p95: number;
  readonly most: number;
}

export interface ReplyFigures {
  readonly objective: number | null;
  /** Estimated from replies, because the original problem was never evaluated. */
  readonly objectiveIsEstimate: boolean;
  readonly metric: Metric | null;
  readonly train: Readonly<Record<string, number | null>>;
  readonly test: Readonly<Record<string, number | null>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly dollars: number;
  /** What had been expected for as many rounds. */
  readonly forecast: { readonly seconds: number; readonly dollars: number } | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Where updates are compressed: of those that counted, and of weights sent; else null. */
  readonly payloads: { readonly bitsUp: number; readonly bitsDown: number } | null;
  /** Tasks whose reply did not count, late and lost together. */
  readonly erasures: number;
  readonly arrivals: ReplyFates;
  readonly coldStarts: number;
  /** Of a private run. */
  readonly privacy: PrivacySpent | null;
  /** How many steps old the gradients that counted were; null where rounds begin together. */
  readonly staleness: Staleness | null;
}

export interface ReplyFates {
  readonly counted: number;
  readonly late: number;
  readonly lost: number;
}

export interface Metric {
  readonly name: string;
  readonly of: "test" | "train";
  readonly value: number | null;
}

export interface Curve {
  /** `estimated`: objectives are taken from the replies that counted. */
  readonly source: "evaluated" | "estimated";
  /** Points before thinning. */
  readonly pointsTotal: number;
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly round: number;
  readonly seconds: number;
  readonly objective: number | null;
  readonly metric: number | null;
}

/** How long replies and rounds took. */
export interface LatencyData {
  readonly replies: number;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  /** A reply slower than this is called slow: half as long again as the median, at least 20 ms. */
  readonly slowMs: number | null;
  /** Median time from the request to all slots until its quorum was complete. */
  readonly quorumMs: number | null;
  /** Median time of a round; a round with a line search makes two requests. */
  readonly roundMs: number | null;
  /** Quantiles of reply times at even steps from the fastest to the slowest. */
  readonly quantilesMs: readonly number[];
  /** How much later rounds would have ended had they waited for everybody. */
  readonly savedSeconds: number;
  /** Paid for replies that did not count. */
  readonly unusedUsd: number;
}

/** A task's outcome in the heatmap's words, from best to worst. */
export const cellFates = ["counted", "slow", "spare", "late", "lost"] as const;
export type CellFate = (typeof cellFates)[number];

/** Slots times rounds; several rounds share a column where there are too many of them. */
export interface Heatmap {
  readonly slots: number;
  readonly roundsPerColumn: number;
  /** First round of each column, and the last round of all. */
  readonly columns: readonly number[];
  readonly lastRound: number;
  readonly cells: readonly Cell[];
}

export interface Cell {
  readonly column: number;
  readonly slot: number;
  /** Its tasks by fate, in the order of `cellFates`; a task that was tried again counts once. */
  readonly fates: readonly number[];
  /** The slowest reply of the cell. */
  readonly ms: number | null;
  readonly task?: string;
  readonly reason?: string;
}

export interface SlotData {
  readonly slot: number;
  readonly replies: number;
  readonly fates: ReplyFates;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  /** Share of its tasks that were slow or lost. */
  readonly slowShare: number;
  /** Slow or lost far more often than the other slots. */
  readonly stands: "out" | "in";
  /** How much later its rounds would have ended had they waited for this slot alone. */
  readonly savedSeconds: number;
  /** Paid for replies of this slot that did not count. */
  readonly unusedUsd: number;
}

/** Running totals at the end of a round. */
export interface SpendingPoint {
  readonly round: number;
  readonly usedUsd: number;
  readonly unusedUsd: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export interface Counted {
  readonly text: string;
  readonly count: number;
}
