import { describe, expect, test } from "vitest";
import * as z from "zod";
import { RunError } from "../../src/core/errors.ts";
import { define, parseOptions, registry } from "../../src/core/registry.ts";
import { nearest } from "../../src/core/text.ts";

interface Kettle {
  readonly litres: number;
}

const kettles = registry<Kettle>("kettle", [
  define({
    name: "enamel",
    summary: "white",
    options: {
      litres: z.number().positive().default(1.5).describe("how much it holds"),
      whistle: z.boolean().default(true).describe("whether it is heard"),
    },
    examples: [{}],
    create: ({ litres }): Kettle => ({ litres }),
  }),
  define({
    name: "copper",
    aliases: ["coppery"],
    summary: "red",
    options: {},
    examples: [{}],
    create: (): Kettle => ({ litres: 2 }),
  }),
]);

describe("a registry", () => {
  test("fills in defaults, and what it resolved resolves to itself", () => {
    const chosen = kettles.resolve({ type: "enamel" }, "kettle");
    expect(chosen).toEqual({ type: "enamel", litres: 1.5, whistle: true });
    expect(kettles.resolve(chosen, "kettle")).toEqual(chosen);
    expect(kettles.create({ type: "enamel", litres: 3 } as never)).toEqual({ litres: 3 });
  });

  test("takes a name that a member had, and gives the one that it has", () => {
    expect(kettles.resolve({ type: "coppery" }, "kettle")).toEqual({ type: "copper" });
    expect(kettles.create({ type: "coppery" })).toEqual({ litres: 2 });
    expect(["coppery", "copper", "tin"].map(kettles.nameOf)).toEqual(["copper", "copper", "tin"]);
  });

  test.each([
    [
      { type: "enamle" },
      "unknown-name",
      'kettle: no kettle is called "enamle"',
      'did you mean "enamel"? choose one of enamel, copper',
    ],
    [
      { type: "samovar" },
      "unknown-name",
      'kettle: no kettle is called "samovar"',
      "choose one of enamel, copper",
    ],
    [
      { type: "constructor" },
      "unknown-name",
      'kettle: no kettle is called "constructor"',
      "choose one of enamel, copper",
    ],
    [
      { type: "enamel", liters: 2 },
      "unknown-key",
      "kettle.liters: unknown key",
      'did you mean "litres"? known keys: litres, whistle',
    ],
    [
      { type: "copper", litres: 2 },
      "unknown-key",
      "kettle.litres: unknown key",
      "known keys: none",
    ],
    [
      { type: "enamel", litres: "two" },
      "bad-value",
      'kettle.litres: expected number, got "two"',
      "it is how much it holds",
    ],
    [
      { type: "enamel", litres: -1 },
      "bad-value",
      "kettle.litres: Too small: expected number to be >0, got -1",
      "it is how much it holds",
    ],
    [
      { type: "enamel", whistle: null },
      "bad-value",
      "kettle.whistle: expected boolean, got null",
      "it is whether it is heard",
    ],
  ])("refuses %j in words", (config, code, message, hint) => {
    expect(refusal(() => kettles.resolve(config, "kettle"))).toEqual({ code, message, hint });
  });
});

describe("options", () => {
  const schema = z.strictObject({
    stop: z
      .strictObject({ rounds: z.int().min(0).default(100).describe("the most rounds") })
      .prefault({}),
    name: z.string(),
  });

  test.each([
    [
      { name: "a", stop: { rounds: 1.5 } },
      "stop.rounds: expected int, got 1.5",
      "it is the most rounds",
    ],
    [
      { name: "a", stop: { round: 1 } },
      "stop.round: unknown key",
      'did you mean "rounds"? known keys: rounds',
    ],
    [{}, "name: expected string, got nothing", "see docs/reference.md for what may stand here"],
    [[], "spec: expected object, got []", "see docs/reference.md for what may stand here"],
    [{ name: "a", nme: 1 }, "nme: unknown key", 'did you mean "name"? known keys: stop, name'],
  ])("%j is refused at its place", (given, message, hint) => {
    expect(refusal(() => parseOptions(schema, given, ""))).toMatchObject({ message, hint });
  });
});

test("the nearest name is offered only where it could be meant", () => {
  expect(nearest("hadamrd", ["hadamard", "uncoded"])).toBe('did you mean "hadamard"? ');
  expect(nearest("xyz", ["hadamard", "uncoded"])).toBe("");
  expect(nearest("x", [])).toBe("");
});

function refusal(act: () => unknown): { code: string; message: string; hint: string | undefined } {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof RunError)
      return { code: thrown.code, message: thrown.message, hint: thrown.hint };
    throw thrown;
  }
  throw new Error("nothing was refused");
}
