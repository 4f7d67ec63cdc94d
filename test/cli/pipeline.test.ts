import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, kofn, newFolder } from "./fixtures.ts";

const spec = fileURLToPath(new URL("../../examples/stages/run.yaml", import.meta.url));
const tied = fileURLToPath(new URL("../fixtures/networks/tied.ts", import.meta.url));
const small = [
  `problem={ type: network, model: ${tied} }`,
  "data={ generate: { type: classification, rows: 40, features: 12 } }",
].flatMap((setting) => ["--set", setting]);

/** Functions with so little memory that a layer of 40,000 weights fills one; all rows at once. */
const wide = fileURLToPath(new URL("../fixtures/networks/wide.ts", import.meta.url));
const narrow = [
  `problem={ type: network, model: ${wide} }`,
  "data={ generate: { type: classification, rows: 150, features: 12 } }",
  ...["weather={ memoryMb: 205 }", "strategy.batch=all", "strategy.microbatches=1"],
];
/** With less than that layer takes. */
const tighter = ["--set", narrow[0]!, "--set", "weather={ memoryMb: 202 }"];

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
});
afterAll(() => folder.remove());

describe("kofn plan of stages", () => {
  it("prints each stage, names the slowest and the largest, and what a step takes", async () => {
    const { exitCode, out, err } = await kofn(home, "plan", spec);
    expect(exitCode, err).toBe(0);
    expect(out).toMatch(/^stage +layers +parameters +in +out +forward +backward +peak/m);
    expect(out.match(/^ +[012] +\w+.* to \w+/gm)).toHaveLength(3);
    expect(out).toMatch(/slowest/);
    expect(out).toMatch(/largest/);
    expect(out).toMatch(/^plan +3 stages, 64 rows a step in 4 microbatches$/m);
    expect(out).toMatch(/^bubble +stages wait .* which costs no money$/m);
    expect(out).toMatch(/^memory +1,769 MB a function: the model fits one function$/m);
  });

  it("says the same as JSON lines, and prices what nothing beats in time and money", async () => {
    const { out } = await kofn(home, "plan", spec, ...small, "--json");
    const lines = jsonLines(out);
    const stages = lines.filter(({ type }) => type === "stage");
    // Every layer is on one stage.
    expect(stages.flatMap(({ layers }) => layers)).toHaveLength(6);
    const plan = lines.at(-1)!;
    expect(plan).toMatchObject({ type: "result", stages: 3, microbatches: 4, invocations: 23 });
    const front = lines.filter(({ type }) => type === "alternative") as unknown as {
      makespanMs: number;
      dollarsPerStep: number;
    }[];
    for (const [i, one] of front.entries()) {
      if (i === 0) continue;
      expect(one.makespanMs).toBeGreaterThanOrEqual(front[i - 1]!.makespanMs);
      expect(one.dollarsPerStep).toBeLessThan(front[i - 1]!.dollarsPerStep);
    }
  });
});

it("says what sharing layers among workers is worth", async () => {
  const tensor = ["--set", "strategy={ type: pipeline, stages: 1, tensor: 2 }", "--set"];
  // Matrices of 300 numbers are not worth a hop.
  const { out, err } = await kofn(home, "plan", spec, ...small, ...tensor, "stop.rounds=2");
  expect(out, err).toMatch(
    /^tensor +2 workers a stage share 3 layers; without, a step takes .* and \$.*: it loses$/m,
  );
  const large = await kofn(
    home,
    "plan",
    spec,
    ...small,
    ...tighter,
    ...tensor,
    "strategy.tensor=4",
  );
  expect(large.out, large.err).toMatch(
    /^tensor +4 workers a stage share \d layers, which no worker holds alone$/m,
  );
});

it("a layer that gives other numbers when asked again is refused by its name", async () => {
  const own = fileURLToPath(new URL("../fixtures/networks/own-draws.ts", import.meta.url));
  const given = ["--set", `problem={ type: network, model: ${own} }`, small[2]!, small[3]!];
  const two = ["--set", "strategy.stages=2"];
  const { exitCode, err } = await kofn(home, "simulate", spec, ...given, ...two);
  expect(exitCode).toBe(2);
  expect(err).toMatch(/layer "noise" gives other numbers when it is asked again/);
  expect(err).toMatch(/hint: draw with Math\.random or TensorFlow\.js's own generators/);
});

it("a layer that workers lack is refused by its class before anything starts", async () => {
  const own = fileURLToPath(new URL("../fixtures/networks/own-layer.ts", import.meta.url));
  const given = ["--set", `problem={ type: network, model: ${own} }`, small[2]!, small[3]!];
  const { exitCode, err } = await kofn(home, "run", spec, ...given);
  expect(exitCode).toBe(2);
  expect(err).toMatch(/layer class Doubled is your program's own.*emulated do not know it/);
  expect(err).toMatch(/hint: use layers of TensorFlow\.js or kofn/);
});

describe("what cannot be a pipeline", () => {
  it.each([
    ["an unknown layer", ["strategy.placement={ frist: 0, last: 1 }"], /"frist"/, /"first"/],
    [
      "a cut through a shared layer",
      ["strategy.shared=colocate", "strategy.placement=first tied | ..."],
      /"tied".*shared layer/,
      /replicate/,
    ],
    ["more stages than layers", ["strategy.stages=9"], /9: the model has 6 layers/, /at most 6/],
    [
      "a layout of other stages",
      ["strategy.placement=first | ..."],
      /2 stages, and strategy.stages says 3/,
      /stages: 2/,
    ],
    ["a layer on no stage", ["strategy.placement={ first: 0 }"], /layers on no stage/],
    [
      "more microbatches than rows",
      ["strategy.microbatches=65"],
      /65 of a batch of 64 rows/,
      /at most 64/,
    ],
    [
      "more microbatches than all rows",
      ["strategy.batch=all", "strategy.microbatches=2000"],
      /2000 of a batch of 40 rows/,
      /at most 40/,
    ],
    ["workers of its own beside auto", ["workers=5", "strategy.stages=auto"], /auto/, /stages: 5/],
    ["other workers", ["workers=5"], /workers: 5.*3 stages/, /say 3/],
    ["other workers than replicas", ["strategy.replicas=2", "workers=3"], /2 replicas has 6/, /6/],
    ["a deadline", ["wait={ deadline: 1s, atLeast: 1 }"], /wait: .*every stage/, /choose all/],
    ["a quorum of one pipeline", ["wait={ fastest: 2 }"], /there are 1 replicas/, /at most 1/],
    [
      "too few replicas",
      ["strategy.replicas=2", "wait={ fastest: 1 }"],
      /any 2 have all microbatches/,
      /fastest: 2.*gradient-code/,
    ],
    [
      "an optimizer's state in one place of one pipeline",
      ["strategy.shardOptimizer=false"],
      /shardOptimizer: false: of one pipeline/,
      /replicas/,
    ],
    [
      "copies without replicas",
      ["encoding=replication"],
      /strategy.replicas: 1: replication 2/,
      /strategy.replicas/,
    ],
    [
      "more replicas than microbatches",
      ["strategy.replicas=5"],
      /4: replica \d of 5 has none/,
      /at least 5/,
    ],
    [
      "half a gradient",
      ["strategy.replicas=2", "encoding={ type: gradient-code, approximate: true }"],
      /approximate: true: .*whole gradients/,
    ],
    [
      "rows that workers encode",
      ["strategy.replicas=2", "encoding={ type: replication, encode: workers }"],
      /encode: workers: .*microbatches/,
    ],
    ["an encoding", ["encoding=hadamard"], /encoding: hadamard/, /leave encoding out/],
    ["a searcher", ["optimizer=l-bfgs"], /l-bfgs: it looks at all weights/, /adam/],
    ["momentum that restarts", ["optimizer={ type: fista, step: 0.1 }"], /fista/, /adam/],
    ["a step without a bound", ["optimizer=gradient-descent"], /no step is safe/, /number/],
    ["another problem", ["problem=softmax"], /softmax: .*it has none/, /network/],
    ["too few in flight", ["strategy.schedule=simple", "strategy.activeMicrobatches=2"], /simple/],
    ["layers that do not divide", ["strategy.tensor=5"], /split: "first": its 8 units/],
    [
      "offloaded activations",
      ["strategy.offload=true"],
      /offload: true: a stage computes its forward pass again in less time/,
    ],
    ["compression", ["compression=qsgd"], /compression: strategy pipeline/],
    [
      "a model for one function's memory",
      ["strategy.stages=1", ...narrow],
      /stages: 1: no partition keeps every stage within 5.243 MB/,
      /2 stages fit/,
    ],
    [
      "a placement for its function's memory",
      ["strategy.stages=2", "strategy.placement=2 | ...", ...narrow],
      /stage 0 takes 5.\d+ MB of 5.243 MB/,
      /placement: auto/,
    ],
    ["an unknown schedule", ["strategy.schedule=1b1f"], /1b1f|schedule/],
  ] as const)("%s: one message, exit 2", async (_what, settings, message, hint: RegExp = /./) => {
    const more = settings.flatMap((setting) => ["--set", setting]);
    const ended = await kofn(home, "simulate", spec, ...small, ...more);
    expect(ended.exitCode, ended.err).toBe(2);
    expect(ended.err).toMatch(message);
    expect(ended.err).toMatch(hint);
  });
});
