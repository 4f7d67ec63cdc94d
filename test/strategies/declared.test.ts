import { expect, test } from "vitest";
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
    named((one) => one.isPrivate === true),
  );
});

test("the planner's clock knows rounds, but not those that now and then wait for all", () => {
  expect(named((one) => one.hasTimeModel === true)).toEqual(["rounds"]);
  expect(declaredBy({ type: "rounds", exact: true }).hasTimeModel).toBeUndefined();
});

test("one strategy trains pairs of weights, and two have learning rates of their own", () => {
  expect(named((one) => one.trainsPairs === true)).toEqual(["alternating"]);
  expect(named((one) => one.stepsAlong !== undefined)).toEqual(["rounds", "local-steps"]);
  const later = declaredBy({ type: "local-steps", asynchronous: true });
  expect(later.stepsAlong).toBeUndefined();
});
