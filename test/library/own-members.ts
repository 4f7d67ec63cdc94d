import { compressors } from "../../src/compression/registry.ts";
import { encodings } from "../../src/encoding/registry.ts";
import {
  registerCompressor,
  registerEncoding,
  registerOptimizer,
  registerProblem,
} from "../../src/index.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { problems } from "../../src/problems/registry.ts";

/** A module of a program's own, that workers load as well: members of ours by other names. */
const added = [
  registerProblem({
    name: "own-ridge",
    summary: "ridge by another name",
    options: (z) => ({ l2: z.number().min(0).default(0.01).describe("the penalty's factor") }),
    create: ({ l2 }) => problems.create({ type: "ridge", l2 } as never),
  }),
  registerOptimizer({
    name: "own-descent",
    summary: "gradient descent by another name",
    create: () => optimizers.create({ type: "gradient-descent" }),
  }),
  registerEncoding({
    name: "own-copies",
    summary: "replication by another name",
    create: () => encodings.create({ type: "replication" }),
  }),
  registerCompressor({
    name: "own-sign",
    summary: "sign by another name",
    create: () => compressors.create({ type: "sign" }),
  }),
];

export function remove(): void {
  for (const one of added) one();
}
