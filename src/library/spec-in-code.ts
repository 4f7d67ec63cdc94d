import type { SpecChoices } from "../spec/choices/spec.ts";
import type { RowSource, RowValue } from "./row-source.ts";

/** The `data` of a spec in code: rows that the program has, in place of a source. */
export type DataInCode =
  | SpecChoices["data"]
  | (Omit<SpecChoices["data"], "source" | "generate" | "targetSource" | "format"> & {
      /** The rows themselves. They are kept in the home, for its owner alone. */
      readonly rows: RowSource;
      /** What is to be predicted of each row, where it is no column of the rows. */
      readonly targets?: ArrayLike<RowValue>;
    });

/** A spec in code: members are told apart by `type`, and data may be rows. */
export type SpecInCode = Omit<SpecChoices, "data"> & { readonly data: DataInCode };
