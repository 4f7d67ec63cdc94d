import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { compileCachePath } from "../../src/core/compile-cache.ts";
import {
  registerMetric,
  registerModule,
  registerOptimizer,
  registerProblem,
  registerWait,
  resume,
  type SpecInCode,
  startInStage,
  train,
} from "../../src/index.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { checkWorkersKnow } from "../../src/platform/local/own-workers.ts";
import { fixed } from "../../src/quorum/wait-policies/policy.ts";
import { newFolder } from "../cli/fixtures.ts";
import { remove } from "./own-members.ts";

const ownMembers = join(import.meta.dirname, "own-members.ts");
const root = join(import.meta.dirname, "../..");

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
/** Other files see the same registries. */
const added: (() => void)[] = [];
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
  added.push(await registerModule(ownMembers), remove);
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
  it("taken away twice, no other goes with them", () => {
    const names = () => [...optimizers.members.map(({ name }) => name)];
    const before = names();
    const create = () => optimizers.create({ type: "gradient-descent" });
    const takeAway = registerOptimizer({ name: "own-twice", summary: "descent", create });
    expect(names()).toEqual([...before, "own-twice"]);
    for (let times = 0; times < 2; times++) takeAway();
    expect(names()).toEqual(before);
    const metric = { target: "numbers", row: () => 0 } as const;
    const first = registerMetric({ name: "own-first", ...metric });
    const second = registerMetric({ name: "own-second", ...metric });
    for (let times = 0; times < 2; times++) first();
    expect(() => registerMetric({ name: "own-second", ...metric })).toThrow(/taken/);
    second();
    registerMetric({ name: "own-first", ...metric })();
  });

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

  it.each(["threads", "emulated"] as const)(
    "workers of backend %s load the module that registers them",
    async (backend) => {
      const own = { problem: "own-ridge", wait: "all", workers: 2 };
      for (const spec of [
        { ...own, encoding: "own-copies", optimizer: "own-descent" },
        { ...own, strategy: "local-steps", compression: "own-sign" },
      ]) {
        const [there, simulated] = [await run(spec, backend), await run(spec)];
        expect(there.result.weightsDigest).toBe(simulated.result.weightsDigest);
        const forget = await registerModule(ownMembers);
        forget();
        await expect(resume(there.run, { home })).rejects.toThrow(/own-ridge: .* do not know it$/);
        await registerModule(ownMembers);
      }
    },
  );

  it.each(["threads", "emulated"] as const)(
    "backend %s refuses those that no module registers",
    async (backend) => {
      added.push(
        registerOptimizer({
          name: `own-step-${backend}`,
          summary: "registered by the program alone",
          create: () => optimizers.create({ type: "gradient-descent" }),
        }),
      );
      const refused = run({ problem: "own-ridge", optimizer: `own-step-${backend}` }, backend);
      await expect(refused).rejects.toMatchObject({
        message: expect.stringMatching(
          `^optimizer own-step-${backend}: workers of backend ${backend} do not know it, ` +
            "as none of .*own-members.ts registers it",
        ),
        hint: expect.stringMatching(/^register it in a module that registerModule/),
      });
    },
  );

  it("what a process like a function's compiles to try them is kept for the next", async () => {
    const path = join(folder.path, "cache.mjs");
    const text =
      "if (process.env.LAMBDA_TASK_ROOT) throw new Error(process.env.NODE_COMPILE_CACHE);";
    writeFileSync(path, text);
    const forget = await registerModule(path);
    const tried = checkWorkersKnow([], { backend: "emulated", home });
    await expect(tried).rejects.toThrow(`cannot load it: ${compileCachePath()}`);
    forget();
  });

  it("a module that a worker cannot load is refused before anything starts", async () => {
    const path = join(folder.path, "own.mjs");
    const missing = registerModule(path);
    await expect(missing).rejects.toMatchObject({
      code: "bad-module",
      message: expect.stringMatching(/own\.mjs: it cannot be loaded: /),
    });
    writeFileSync(path, 'if (process.env.LAMBDA_TASK_ROOT) throw new Error("no such file here");');
    const forget = await registerModule(path);
    const refused = run({ problem: "own-ridge" }, "emulated");
    await expect(refused).rejects.toMatchObject({
      code: "bad-module",
      message: `${path}: workers of backend emulated cannot load it: no such file here`,
    });
    forget();
    const index = JSON.stringify(pathToFileURL(join(root, "src/index.ts")).href);
    const trains = join(folder.path, "trains.mjs");
    const text = `import { train } from ${index};
if (process.env.LAMBDA_TASK_ROOT) await train(${JSON.stringify({ ...common, problem: "ridge" })});`;
    writeFileSync(trains, text);
    added.push(await registerModule(trains));
    const again = run({ problem: "own-ridge" }, "emulated");
    await expect(again).rejects.toThrow(/trains.mjs: .* cannot load it: .* trains itself/);
    await expect(registerModule(process.argv[1]!)).rejects.toThrow(/it is the program itself/);
  });

  it.each<[string, object]>([
    ["problem own-ridge", { problem: "own-ridge" }],
    ["wait rule own-half", { problem: "ridge", wait: { rule: "own-half" } }],
  ])("a stage refuses a %s", async (named, spec) => {
    const deployment = { stage: "dev", bucket: "kofn", worker: "worker", orchestrator: "it:1" };
    vi.stubEnv("SST_RESOURCE_Kofn", JSON.stringify({ ...deployment, members: ["own-other"] }));
    const refused = startInStage({ ...common, ...spec } as never, { stage: "dev", home });
    await expect(refused).rejects.toMatchObject({
      message: `${named}: stage dev does not know it`,
      hint: expect.stringMatching(/^deploy functions that register it/),
    });
  });

  it("their name is taken once, and a rule that nobody registered is refused", async () => {
    const again = () =>
      registerProblem({ name: "ridge", summary: "again", create: () => ({}) as never });
    expect(again).toThrow(/problem "ridge": the name is taken/);
    const unknown = run({ problem: "ridge", wait: { rule: "own-hlf" } });
    await expect(unknown).rejects.toThrow(/no wait rule is called "own-hlf"/);
  });
});
