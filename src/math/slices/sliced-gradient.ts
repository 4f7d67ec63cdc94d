import type { DoublePart } from "./gradient-part.ts";

/**
 * How a gradient with tables is told: `auto`, each table by its rows where those are fewer bytes;
 * `gather`, every contribution set beside the others, added up by whoever receives it.
 */
export type GradientForm = "auto" | "gather";

/** Sums over rows, as `lossAndGradient` gives them, tensor by tensor. */
export interface SlicedGradient {
  readonly loss: number;
  /** One a tensor of `parameters`. */
  readonly parts: readonly DoublePart[];
  readonly tables: readonly TableFacts[];
}

/** What one worker says of a table's gradient. */
export interface TableFacts {
  /** Its place among `parameters`. */
  readonly tensor: number;
  /** Distinct rows that the gradient touches. */
  readonly rows: number;
  /**
   * Why it travels dense: the table is used as a whole as well (`tied`), a penalty on its numbers
   * moves all rows (`penalty`), or its rows are no fewer bytes (`rows`). Absent: as slices.
   */
  readonly dense?: "tied" | "penalty" | "rows";
}
