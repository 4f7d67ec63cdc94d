import * as z from "zod";

/** How many steps there are, and whether what comes out is made a contraction. */
export function levelsOptions(usual: number) {
  return {
    levels: z
      .int()
      .min(1)
      .max(2 ** 16 - 1)
      .default(usual)
      .describe("s: how many steps there are from nothing to the most"),
    scaled: z
      .boolean()
      .default(true)
      .describe(
        "over 1 + beta, so that it is a contraction for every s; false: unbiased, which needs no " +
          "error feedback",
      ),
  };
}
