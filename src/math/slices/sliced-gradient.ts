import type { Random } from "../../core/random.ts";
import type { Examples } from "../rows.ts";
import type { DoublePart, TensorPart } from "./gradient-part.ts";

/**
 * How a gradient with tables is told: `auto`, each table by its rows where those are fewer bytes;
 * `gather`, every contribution set beside the others, added up by whoever receives it.
 */
export type GradientForm = "auto" | "gather";

/** Sums over rows, as `lossAndGradient` gives them, tensor by tensor. */
export interface SlicedGradient {
  readonly loss: number;
  /** One a tensor of `parameters`; rows of one pass in single precision, as it gave them. */
  readonly parts: readonly TensorPart[];
  readonly tables: readonly TableFacts[];
}

/** Steps of plain gradient descent that move what examples touch. */
export interface SlicedWalk {
  /**
   * Along the mean gradient over some examples. Null, and nothing was moved, where that is not to
   * be told by rows.
   */
  step(examples: Examples, rate: number, random: Random): Omit<SlicedGradient, "parts"> | null;
  /** From where it is to where it began. */
  change(): readonly DoublePart[];
  close(): void;
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
