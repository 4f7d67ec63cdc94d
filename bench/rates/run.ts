import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { adaptives } from "../../src/optimizers/adaptive/registry.ts";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";
import { numberOption, simulations } from "../simulated.ts";

/**
 * Every method with a learning rate, at defaults, over data sets: how far above the optimum it
 * ends, and what part of the way from the start to the optimum that leaves. The optimum is that of
 * l-bfgs over all rows, on until its gradient is gone.
 *
 *   npm run bench -- rates [--rounds 100] [--wait 12] [--only adam,lion] [--strategy local-steps]
 *     [--sets softmax]
 *
 * `KOFN_DATA` names the folder with breast_cancer.csv, diabetes.csv, digits.csv and
 * agaricus.train.libsvm; without it two data sets that come along are measured.
 */
const folder = process.env.KOFN_DATA ?? "";
const rounds = numberOption("rounds", 100);
const replies = numberOption("wait", 12);
const only = optionOf("only")?.split(",");
const methods = adaptives.filter(({ name }) => only?.includes(name) ?? true);
const sets = optionOf("sets") ?? "";
const strategy = optionOf("strategy") ?? "rounds";

interface Case {
  readonly name: string;
  readonly problem: RunInput["problem"];
  readonly data: RunInput["data"];
}

const cases: readonly Case[] = [
  given("breast_cancer.csv", "logistic", "benign"),
  given("breast_cancer.csv", "squared-hinge", "benign"),
  given("agaricus.train.libsvm", "logistic"),
  given("diabetes.csv", "ridge", "progression"),
  given("digits.csv", "softmax", "digit"),
  given("digits.csv", "ridge", "digit"),
  here("iris.csv", "softmax", "species"),
  here("iris.csv", "ridge", "petal_width"),
  here("wine.csv", "softmax", "cultivar"),
  here("wine.csv", "ridge", "proline"),
  given("digits.csv", "network", "digit"),
].filter(({ name, data }) => name.includes(sets) && existsSync(String(data.source)));

const { run, close } = await simulations();
const objectiveOf = async ({ problem, data }: Case, more: Partial<RunInput>) => {
  const spec = { problem, data, workers: 16, weather: { model: "calm" } as const };
  const trained = await run({ ...spec, ...more });
  return { objective: trained.result.objective, start: trained.curve[0]!.objective };
};

const results: object[] = [];
console.log(
  `${rounds} rounds, the first ${replies} of 16: % above the optimum (% of the way left)`,
);
for (const one of cases) {
  if (typeof one.problem !== "string") {
    await network(one);
    continue;
  }
  const best = { wait: "all", encoding: "uncoded", stop: { rounds: 3000, tolerance: 1e-9 } };
  const optimum = (await objectiveOf(one, best as Partial<RunInput>)).objective;
  console.log(`${one.name}: optimum ${optimum.toPrecision(6)}`);
  for (const { name: type } of methods) {
    const how = { optimizer: type, strategy, wait: { fastest: replies }, stop: { rounds } };
    const { objective, start } = await objectiveOf(one, how as Partial<RunInput>);
    const above = objective / optimum - 1;
    const left = (objective - optimum) / (start - optimum);
    results.push({ set: one.name, optimizer: type, above, left });
    console.log(`  ${type.padEnd(14)}${percent(above)}  (${percent(left)})`);
  }
}
await close();
handOver({ bench: "rates", rounds, replies, results });

/** What is not convex has no known optimum: objectives at the start and at the end. */
async function network(one: Case): Promise<void> {
  console.log(`${one.name}: objective from and to`);
  for (const { name: type } of methods) {
    const { objective, start } = await objectiveOf(one, {
      optimizer: type,
      workers: 4,
      wait: { fastest: Math.ceil(replies / 4) },
      strategy,
      encoding: "uncoded",
      stop: { rounds },
    } as Partial<RunInput>);
    results.push({ set: one.name, optimizer: type, start, objective });
    console.log(`  ${type.padEnd(14)}${start.toPrecision(4)}  ${objective.toPrecision(4)}`);
  }
}

function given(file: string, problem: string, target?: string): Case {
  return caseOf(resolve(folder, file), problem, target);
}

function here(file: string, problem: string, target: string): Case {
  return caseOf(`${import.meta.dirname}/${file}`, problem, target);
}

function caseOf(source: string, problem: string, target?: string): Case {
  const name = `${source.split("/").at(-1)!.split(".")[0]}, ${problem}`;
  const model = `${import.meta.dirname}/dense.ts`;
  const chosen = problem === "network" ? { type: problem, model } : problem;
  return {
    name,
    problem: chosen as RunInput["problem"],
    data: target === undefined ? { source } : { source, target },
  };
}

function percent(share: number): string {
  return (100 * share).toPrecision(3).padStart(9);
}

function optionOf(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}
