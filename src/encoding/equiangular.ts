import * as z from "zod";

/** The redundancy of a family of equiangular frames, which is not a choice. */
export const aboutTwo = z
  .literal(2, "expected 2: equiangular frames store about two rows for each; hadamard takes others")
  .default(2)
  .describe("stored rows over data rows: about two, by construction");
