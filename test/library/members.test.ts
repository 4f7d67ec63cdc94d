import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compressors } from "../../src/compression/registry.ts";
import { encodings } from "../../src/encoding/registry.ts";
import {
  registerCompressor,
  registerEncoding,
  registerMetric,
  registerModule,
  registerOptimizer,
  registerProblem,
  registerWait,
  type SpecInCode,
  train,
} from "../../src/index.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { fixed } from "../../src/quorum/wait-policies/policy.ts";
import { newFolder } from "../cli/fixtures.ts";
import { remove } from "./own-members.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
/** Other files see the same registries. */
const added: (() => void)[] = [];
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
  await registerModule(join(import.meta.dirname, "own-members.ts"));
  added.push(remove);
  added.push(
    registerOptimizer({
      name: "own-descent",
      summary: "gradient descent by another name",
      create: () => optimizers.create({ type: "gradient-descent" }),
    }),
  );
  added.push(
    registerEncoding({
      name: "own-copies",
      summary: "replication by another name",
      create: () => encodings.create({ type: "replication" }),
    }),
  );
  added.push(
    registerCompressor({
      name: "own-sign",
      summary: "sign by another name",
      create: () => compressors.create({ type: "sign" }),
    }),
  );
  added.push(
    registerWait({
      name: "own-half",
      summary: "half of all",
      options: (z) => ({ more: z.int().min(0).default(0).describe("so many more") }),
      create:
        ({ more }) =>
        ({ workers }) => {
          const needed = Math.ceil(workers / 2) + more;
          const rule = { needed, enough: needed, deadlineMs: Number.POSITIVE_INFINITY };
          return fixed(rule, workers, `half and ${more}`);
        },
    }),
  );
  added.push(
    registerMetric({
      name: "worst-share",
      target: "numbers",
      row: ([output = 0], target) => (Math.abs(output - target) > 1 ? 1 : 0),
    }),
  );
});
afterAll(async () => {
  for (const remove of added) remove();
  await folder.remove();
});

const data = { generate: { type: "regression", rows: 200, features: 4 }, test: 0.2 } as const;
const common = { data, workers: 4, stop: { rounds: 5, tolerance: 0 } };
const run = (spec: object, backend: "simulated" | "threads" | "emulated" = "simulated") =>
  train({ ...common, ...spec } as unknown as SpecInCode, { backend, home });

describe("members that a program registers", () => {
  it.each<[string, object, object]>([
    [
      "problem",
      { problem: { type: "own-ridge", l2: 0.01 } },
      { problem: { type: "ridge", l2: 0.01 } },
    ],
    [
      "optimizer",
      { problem: "ridge", optimizer: "own-descent" },
      { problem: "ridge", optimizer: "gradient-descent" },
    ],
    [
      "encoding",
      { problem: "ridge", encoding: "own-copies" },
      { problem: "ridge", encoding: "replication" },
    ],
    [
      "compressor",
      { problem: "ridge", strategy: "local-steps", compression: "own-sign" },
      { problem: "ridge", strategy: "local-steps", compression: "sign" },
    ],
    [
      "wait rule",
      { problem: "ridge", wait: { rule: "own-half", options: { more: 1 } } },
      { problem: "ridge", wait: { fastest: 3 } },
    ],
  ])("a %s trains as the member that it is made of", async (_family, own, ours) => {
    const [one, other] = [await run(own), await run(ours)];
    expect(one.result.objective).toBeCloseTo(other.result.objective!, 6);
  });

  it("a metric is told beside the problem's own", async () => {
    const { result } = await run({ problem: "ridge" });
    for (const { rmse, "worst-share": share } of [result.metrics.train, result.metrics.test]) {
      expect(rmse).toBeGreaterThan(0);
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  });

  it("threads load the module that registers them", async () => {
    const [threads, simulated] = [
      await run({ problem: "own-ridge", wait: "all" }, "threads"),
      await run({ problem: "own-ridge", wait: "all" }),
    ];
    expect(threads.result.weightsDigest).toBe(simulated.result.weightsDigest);
  });

  it("are refused where workers cannot know them, and where their name is taken", async () => {
    const refused = run({ problem: "own-ridge" }, "emulated");
    await expect(refused).rejects.toThrow(/own-ridge: workers of backend emulated do not know it/);
    const again = () =>
      registerProblem({ name: "ridge", summary: "again", create: () => ({}) as never });
    expect(again).toThrow(/problem "ridge": the name is taken/);
    const unknown = run({ problem: "ridge", wait: { rule: "own-hlf" } });
    await expect(unknown).rejects.toThrow(/no wait rule is called "own-hlf"/);
  });
});
