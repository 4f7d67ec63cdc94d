import { registerProblem } from "../../src/index.ts";
import { problems } from "../../src/problems/registry.ts";

/** A module of a program's own, that threads load as well: ridge by another name. */
export const remove = registerProblem({
  name: "own-ridge",
  summary: "ridge by another name",
  options: (z) => ({ l2: z.number().min(0).default(0.01).describe("the penalty's factor") }),
  create: ({ l2 }) => problems.create({ type: "ridge", l2 } as never),
});
