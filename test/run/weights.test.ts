import { describe, expect, it } from "vitest";
import type { DataInput } from "../../src/data/options.ts";
import { checkSpec } from "../../src/platform/training/check-spec.ts";
import { finishRun } from "../../src/run/finish.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { prepared, refusal } from "../data/fixtures.ts";
import golden from "../fixtures/scikit-learn/weights.json" with { type: "json" };
import { scene, segment } from "../simulation/simulated-run.ts";

type Solved = (typeof golden.found)[number] & {
  readonly l1?: number;
  readonly classWeights?: DataInput["classWeights"];
};

const csvOf = (target: keyof typeof golden.targets, isWeighted: boolean) => {
  const head = `a,b,c,${isWeighted ? "w," : ""}y`;
  const lines = golden.rows.map((row, i) =>
    [...row, ...(isWeighted ? [golden.counts[i]] : []), golden.targets[target][i]].join(","),
  );
  return `${[head, ...lines].join("\n")}\n`;
};

const svmOf = (target: keyof typeof golden.targets) =>
  golden.rows
    .map(
      (row, i) => `${golden.targets[target][i]} ${row.map((x, j) => `${j + 1}:${x}`).join(" ")}\n`,
    )
    .join("");

/** A run over the golden rows to its end: result and weights. */
async function ended(solved: Solved, text: string, data: object, more: object = {}) {
  const { problem: type, l1 = 0, l2 } = solved;
  const penalties = { ...(l1 > 0 ? { l1 } : {}), ...(type === "lasso" ? {} : { l2 }) };
  const stop = { rounds: 400, tolerance: 1e-9 };
  const spec = { problem: { type, ...penalties }, data, workers: 4, wait: "all", stop, ...more };
  const start = await scene(spec as never, text);
  const end = await segment(start);
  const result = await finishRun(start.record, start.staged.prepared, end, start.store);
  return { result, weights: wholeWeights(end.model), offset: offsetOf(start) };
}

const offsetOf = ({ staged }: Awaited<ReturnType<typeof scene>>) =>
  staged.prepared.preparation.target.offset ?? 0;

const nameOf = ({ problem, isWeighted, classWeights }: Solved, encoding: string) => {
  const classes = classWeights === undefined ? "" : JSON.stringify(classWeights);
  return [problem, isWeighted ? "data.weights" : "", classes, encoding].join(" ");
};

const cases = (golden.found as Solved[]).flatMap((solved) => {
  const isNumbers = solved.target === "numbers";
  const encodings = isNumbers
    ? solved.problem === "ridge"
      ? [{ type: "uncoded" }, { type: "hadamard" }, { type: "haar", encode: "workers" }]
      : [{ type: "hadamard" }]
    : [{ type: "uncoded" }, { type: "replication" }];
  return encodings.map((encoding) => ({
    name: nameOf(solved, encoding.type),
    solved,
    encoding,
  }));
});

/* Optima of scikit-learn with sample_weight and class_weight; weights.json names its versions. */
it.each(cases)("rows that count unlike come to scikit-learn's optimum: $name", async (one) => {
  const { solved, encoding } = one;
  const data = {
    source: "table.csv",
    target: "y",
    standardize: false,
    ...(solved.isWeighted ? { weights: "w" } : {}),
    ...(solved.classWeights === undefined ? {} : { classWeights: solved.classWeights }),
  };
  const target = solved.target as keyof typeof golden.targets;
  const text = csvOf(target, solved.isWeighted);
  const { result, weights, offset } = await ended(solved, text, data, { encoding });
  expect(result.objective / solved.objective).toBeCloseTo(1, 6);
  for (const [metric, value] of Object.entries(solved.metrics))
    expect(result.metrics.train[metric]).toBeCloseTo(value!, 5);
  const { coefficients, intercepts } = solved;
  const mean = solved.problem === "softmax" ? meanOf(intercepts) : 0;
  const found = intercepts.map((_, k) => weights[4 * k + 3]! + offset);
  const foundMean = solved.problem === "softmax" ? meanOf(found) : 0;
  for (const [k, row] of coefficients.entries()) {
    for (const [j, weight] of row.entries()) expect(weights[4 * k + j]).toBeCloseTo(weight, 5);
    expect(found[k]! - foundMean).toBeCloseTo(intercepts[k]! - mean, 5);
  }
  expect(result.convergence).toMatchObject({ converged: true });
});

const meanOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

it("classes count the same in sparse rows, which have no column of weights", async () => {
  const solved = (golden.found as Solved[]).find(
    (one) => one.problem === "logistic" && !one.isWeighted,
  )!;
  const data = {
    source: "table.csv",
    format: "libsvm",
    standardize: false,
    classWeights: solved.classWeights,
  };
  const { result } = await ended(solved, svmOf("two"), data);
  expect(result.objective / solved.objective).toBeCloseTo(1, 6);
});

it.each([
  { strategy: { type: "local-steps", steps: 4 } },
  { strategy: { type: "async-sgd" } },
  { strategy: { type: "anytime", batch: 64 }, optimizer: { type: "gradient-descent" } },
])("rows that count unlike are so for $strategy.type as well", async (way) => {
  const solved = (golden.found as Solved[]).find(
    (one) => one.isWeighted && one.classWeights === "balanced",
  )!;
  const data = { source: "table.csv", target: "y", standardize: false, weights: "w" };
  const { classWeights } = solved;
  const { result } = await ended(solved, csvOf("two", true), { ...data, classWeights }, way);
  // Rows that count once would end a quarter above.
  expect(result.objective / solved.objective - 1).toBeGreaterThan(-1e-6);
  expect(result.objective / solved.objective - 1).toBeLessThan(0.02);
});

describe("rows cannot count unlike", () => {
  const specOf = (problem: object, more: object, strategy: object = { type: "rounds" }) =>
    resolveSpec({
      problem,
      data: { source: "t.csv", target: "y", ...more },
      ...("encoding" in strategy ? strategy : { strategy }),
      workers: 4,
    } as never);

  it.each([
    [{ type: "ridge" }, { weights: "w" }, { type: "encoded-blocks" }, /data\.weights: strategy/],
    [
      { type: "factorization" },
      { weights: "w" },
      { type: "alternating" },
      /data\.weights: problem factorization/,
    ],
    [
      { type: "network", model: "m.json" },
      { classWeights: "balanced" },
      { encoding: { type: "gradient-code", arrangement: "cyclic" } },
      /data\.classWeights: a cyclic code counts parts of the data/,
    ],
    [
      { type: "network", model: "m.json" },
      { weights: "w" },
      { type: "pipeline" },
      /data\.weights: strategy pipeline takes every row once/,
    ],
  ])("for %o with %o: a reason by name", async (problem, more, strategy, message) => {
    const check = async () => checkSpec(specOf(problem, more, strategy));
    expect((await refusal(check())).message).toMatch(message);
  });

  const files = { "t.csv": "x,w,k,y\n1,1,a,1\n2,-1,b,2\n3,2,b,3\n" };
  it.each([
    [{ weights: "w" }, {}, /data\.weights: -1: a row counts 0 or more/],
    [{ weights: "k" }, {}, /"k" of t\.csv holds words/],
    [{ weights: "v" }, {}, /data\.weights in t\.csv.*"v"/],
    [{ weights: "y" }, {}, /"y" is the target/],
    [{ classWeights: "balanced" }, {}, /"y" is numbers/],
    [{ classWeights: { c: 2 }, target: "k" }, { task: "classification" }, /no class is "c"/],
    [
      { weights: "w", test: { share: 0.3, by: "groups", column: "w" } },
      {},
      /"w" is data\.test\.column/,
    ],
    [{ weights: "w", drop: ["k"] }, { isPrivate: true }, /data\.weights: what a row counts hangs/],
  ] as [DataInput, object, RegExp][])(
    "where the data do not fit: %o",
    async (options, more, message) => {
      const data = { source: "t.csv", target: "y", ...options };
      expect((await refusal(prepared(files, data, more))).message).toMatch(message);
    },
  );

  it("in a private run, with the reason", async () => {
    const data = { source: "t.csv", target: "y", weights: "w", classes: ["a", "b"] };
    const privacy = { epsilon: 1, delta: 1e-5, unit: "record", adjacency: "zero-out", clip: 1 };
    const spec = {
      problem: { type: "logistic" },
      data,
      strategy: { type: "dp-sgd" },
      privacy,
      workers: 4,
    };
    const refused = await refusal((async () => checkSpec(resolveSpec(spec as never)))());
    expect([refused.code, refused.message]).toEqual([
      "not-private",
      expect.stringMatching(/hidden less/),
    ]);
  });
});
