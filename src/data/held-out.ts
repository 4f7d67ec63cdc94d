import * as z from "zod";
import { RunError } from "../core/errors.ts";

const share = z.number().gt(0).max(0.9).describe("the share of rows, or of groups, for testing");

/** What `data.test` may be: a share, a file, or a share and what decides which rows it takes. */
export const testSchema = z.union(
  [
    z.number().min(0).max(0.9),
    z.string().min(1),
    z.strictObject({
      share,
      by: z.literal("stratified").describe("as many rows of each class as its own share says"),
    }),
    z.strictObject({
      share,
      by: z
        .enum(["groups", "time"])
        .describe(
          "groups: all rows of a group are on one side, the share is of groups, and their column " +
            "is no feature; time: the latest rows, those of one time on one side",
        ),
      column: z
        .string()
        .min(1)
        .describe("the column of groups, or of dates or numbers that tell what is later"),
    }),
  ],
  "expected a share (0 to 0.9), the path of a test file, { share: 0.2, by: stratified }, or " +
    "{ share: 0.2, by: groups, column: NAME }, or by: time",
);

/** What decides which of a source's rows are for testing. */
export interface HeldOut {
  readonly share: number;
  readonly by: "rows" | "stratified" | "groups" | "time";
  /** Of groups and times; null for others. */
  readonly column: string | null;
}

/** `stratify: true` is another way to say `by: stratified`; a test file takes no rows. */
export function heldOutOf({
  test,
  stratify,
}: {
  readonly test: z.output<typeof testSchema>;
  readonly stratify?: boolean | undefined;
}): HeldOut {
  if (typeof test === "object") return { column: null, ...test };
  const by = stratify === true ? "stratified" : "rows";
  return { share: typeof test === "number" ? test : 0, by, column: null };
}

/** Refuses a choice by classes or columns for data that have neither, such as text. */
export function refuseChoice(data: Parameters<typeof heldOutOf>[0], what: string): void {
  if (typeof data.test !== "object") return;
  throw new RunError("bad-option", `data.test.by: ${data.test.by}: ${what} have no columns`, {
    hint: `give the share alone, as in data.test: ${data.test.share}, or a file of test rows`,
  });
}
