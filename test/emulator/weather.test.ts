import { describe, expect, test } from "vitest";
import { RunError } from "../../src/core/errors.ts";
import { randomFrom } from "../../src/core/random.ts";
import { isBurst } from "../../src/weather/correlated.ts";
import { faultDecisionOf } from "../../src/weather/fault-decision.ts";
import { latencyModels } from "../../src/weather/registry.ts";
import { commonOptions, resolveWeather, weatherFrom } from "../../src/weather/weather.ts";

const moments = Array.from({ length: 240 }, (_, i) => ({
  task: `round/${i >> 4}/slot/${i & 15}`,
  slot: i & 15,
  round: i >> 4,
}));
const many = Array.from({ length: 20_000 }, (_, i) => ({
  task: `round/${i >> 4}/slot/${i & 15}`,
  slot: i & 15,
  round: i >> 4,
}));
const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length;

const examples = latencyModels.members.flatMap((member) =>
  member.examples.map((options, i) => ({ title: `${member.name} #${i}`, member, options })),
);

describe.each(examples)("$title", ({ member, options }) => {
  const config = { model: member.name, ...options, failures: "5%", hangs: 0.05, duplicates: 0.1 };

  test("a fate does not depend on the order in which fates are asked for", () => {
    const weather = weatherFrom(config);
    const forwards = moments.map((moment) => faultDecisionOf(weather, moment, 7));
    const other = weatherFrom(config);
    const shuffled = [...randomFrom("order").permutation(moments.length)];
    for (const i of shuffled) expect(faultDecisionOf(other, moments[i]!, 7)).toEqual(forwards[i]);
  });

  test("delays are finite and not negative, and the config is a fixed point", () => {
    const weather = weatherFrom(config);
    for (const moment of moments) {
      const { delayMs } = faultDecisionOf(weather, moment, 1);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(900_000 * 100);
    }
    const resolved = resolveWeather(config);
    expect(resolveWeather(JSON.parse(JSON.stringify(resolved)))).toEqual(resolved);
  });
});

test("late tasks are late by exactly the delay, with the given probability", () => {
  const weather = weatherFrom({ model: "late", probability: "20%", delayMs: 5000 });
  const delays = many.map((moment) => faultDecisionOf(weather, moment, 3).delayMs);
  expect(new Set(delays)).toEqual(new Set([0, 5000]));
  expect(share(delays.map((delay) => delay > 0))).toBeCloseTo(0.2, 1.8);
});

test("another seed gives other fates, the same seed the same ones", () => {
  const weather = weatherFrom({ model: "exponential" });
  const delays = (seed: number) =>
    moments.map((moment) => faultDecisionOf(weather, moment, seed).delayMs);
  expect(delays(1)).toEqual(delays(1));
  expect(delays(1)).not.toEqual(delays(2));
});

test("faults have their rates, and crashes come half before and half after the work", () => {
  const weather = weatherFrom({ model: "calm", failures: "10%", hangs: "5%", duplicates: 0.02 });
  const fates = many.map((moment) => faultDecisionOf(weather, moment, 11));
  const rate = (fault: string) => share(fates.map((fate) => fate.fault === fault));
  expect(rate("crash-before")).toBeCloseTo(0.05, 2);
  expect(rate("crash-after")).toBeCloseTo(0.05, 2);
  expect(rate("hang")).toBeCloseTo(0.05 * 0.9, 2);
  expect(share(fates.map((fate) => fate.duplicate))).toBeCloseTo(0.02, 2);
});

test("dead slots always crash, others never do", () => {
  const weather = weatherFrom({ model: "calm", deadSlots: [3] });
  for (const moment of moments)
    expect(faultDecisionOf(weather, moment, 0).fault).toBe(
      moment.slot === 3 ? "crash-before" : null,
    );
});

test("the default model has the fitted quantiles", () => {
  const weather = weatherFrom({});
  const delays = many
    .map((moment) => faultDecisionOf(weather, moment, 5).delayMs)
    .sort((a, b) => a - b);
  expect(delays[Math.floor(0.95 * delays.length)]! / 450).toBeCloseTo(1, 0.7);
  expect(delays[Math.floor(0.5 * delays.length)]!).toBeLessThan(60);
  expect(resolveWeather({}).model).toBe("lambda");
});

test("measured quantiles come back from their replay", () => {
  const weather = weatherFrom({ model: "lambda-trace-a" });
  const delays = many.map((moment) => faultDecisionOf(weather, moment, 5).delayMs);
  const below = (ms: number) => share(delays.map((delayMs) => delayMs <= ms));
  expect(below(0)).toBeCloseTo(0.5, 1.7);
  expect(below(144.8)).toBeCloseTo(0.9, 2);
  expect(below(638.4)).toBeCloseTo(0.98, 2);
});

test("no model has an option of a name that all share: it would be theirs no more", () => {
  for (const { name, options } of latencyModels.members)
    for (const option of Object.keys(options))
      expect(commonOptions, name).not.toHaveProperty(option);
});

test("persistently slow slots stay slow", () => {
  const weather = weatherFrom({ model: "persistent", jitter: 0 });
  const bySlot = new Map<number, Set<number>>();
  for (const moment of moments) {
    const delays = bySlot.get(moment.slot) ?? new Set();
    bySlot.set(moment.slot, delays.add(faultDecisionOf(weather, moment, 2).delayMs));
  }
  expect([...bySlot.values()].every((delays) => delays.size === 1)).toBe(true);
  expect(new Set([...bySlot.values()].map((delays) => [...delays][0])).size).toBeGreaterThan(2);
});

test("storms follow their chain: each state is that of the chain run from the start", () => {
  for (const [begin, end] of [
    [0.1, 0.3],
    [0.7, 0.6],
  ] as const) {
    const root = randomFrom(9);
    let stormy = false;
    const states = Array.from({ length: 400 }, (_, round) => {
      const number = root.fork(`round/${round}`).uniform();
      stormy = stormy ? number < 1 - end : number < begin;
      return stormy;
    });
    expect(states.map((_, round) => isBurst(root, round, begin, end))).toEqual(states);
    expect(share(states)).toBeCloseTo(begin / (begin + end), 0.7);
  }
});

test("a trace is replayed by round and slot", () => {
  const weather = weatherFrom({ model: "trace", delaysMs: [[1, 2], [3]] });
  const at = (round: number, slot: number) =>
    faultDecisionOf(weather, { task: "any", slot, round }, 0).delayMs;
  expect([at(0, 0), at(0, 1), at(0, 2), at(1, 5), at(2, 1)]).toEqual([1, 2, 1, 3, 2]);
});

test.each([
  [{ model: "lmbda" }, /weather: no weather is called "lmbda"/, /did you mean "lambda"/],
  [{ model: "late", delay: 3 }, /weather\.delay: unknown key/, /delayMs/],
  [{ model: "calm", failures: "120%" }, /weather\.failures: .*120%/, /share of invocations/],
  [{ model: "late", probability: "often" }, /weather\.probability: .*often/, /share of tasks/],
])("%j is refused by name", (config, message, hint) => {
  let thrown: unknown;
  try {
    weatherFrom(config);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(RunError);
  expect((thrown as RunError).message).toMatch(message);
  expect((thrown as RunError).hint).toMatch(hint);
});
