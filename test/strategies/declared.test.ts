import { expect, test } from "vitest";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { strategies } from "../../src/strategies/registry.ts";

const declaredBy = (config: { readonly type: string; readonly [option: string]: unknown }) =>
  strategies.create(strategies.resolve(config, "strategy"));
/** What every strategy says of itself, so that nobody has to know it by its name. */
const all = strategies.members.map((member) => {
  return { name: member.name, ...declaredBy({ type: member.name }) };
});
const named = (said: (one: (typeof all)[number]) => boolean) =>
  all.filter(said).map(({ name }) => name);

test("whoever is private says what it publishes, and nobody else", () => {
  expect(named((one) => one.privacyPlan !== undefined)).toEqual(
    named((one) => one.accepts.privacy === true),
  );
});

test("the planner's clock knows rounds, but not those that now and then wait for all", () => {
  expect(named((one) => one.hasTimeModel === true)).toEqual(["rounds"]);
  expect(declaredBy({ type: "rounds", exact: true }).hasTimeModel).toBeUndefined();
});

test("one strategy trains pairs of weights, and three have learning rates of their own", () => {
  expect(named((one) => one.accepts.problems.only.includes("pairs"))).toEqual(["alternating"]);
  expect(named((one) => one.stepsAlong !== undefined)).toEqual([
    "rounds",
    "local-steps",
    "anytime",
  ]);
  const later = declaredBy({ type: "local-steps", asynchronous: true });
  expect(later.stepsAlong).toBeUndefined();
});

test("the first strategy that takes a problem is the one that a spec gets", () => {
  const data = { source: "x.csv" };
  const strategyOf = (problem: string) => resolveSpec({ problem, data }).strategy.type;
  expect(["ridge", "lasso", "factorization"].map(strategyOf)).toEqual([
    "rounds",
    "rounds",
    "alternating",
  ]);
});
