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

/** A network that the program has: a builder as `kofn/tfjs` types it, or a layers model in hand. */
export type NetworkInCode =
  | ((tools: never) => unknown)
  | {
      toJSON(unused?: unknown, returnString?: boolean): unknown;
      readonly weights: readonly unknown[];
    };

type Network = Extract<SpecChoices["problem"], { readonly type: "network" }>;

/** A spec in code: members are told apart by `type`, and data may be rows. */
export type SpecInCode = Omit<SpecChoices, "data" | "problem"> & {
  readonly data: DataInCode;
  readonly problem:
    | SpecChoices["problem"]
    | (Omit<Network, "model"> & { readonly model: NetworkInCode });
};
