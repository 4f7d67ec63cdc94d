import { expect, test } from "vitest";
import { families } from "../../scripts/write-reference.ts";
import type { Registry } from "../../src/core/registry.ts";
import released from "./names.json" with { type: "json" };

/*
 * Names stand in people's files and checkpoints: what was released stays. `npm run docs`
 * adds new names to names.json; one that is there never goes.
 */

test("every released name and option is still there", () => {
  expect(missing(families.map(({ registry }) => registry))).toEqual([]);
});

test("every member is listed, so that none is released unnoticed", () => {
  const known: Readonly<Record<string, object>> = released;
  for (const { registry } of families)
    expect(Object.keys(known[registry.family] ?? {}).sort()).toEqual(
      registry.members.flatMap(({ name, aliases = [] }) => [name, ...aliases]).sort(),
    );
});

test("a member or an option that goes is missed", () => {
  const [problems, ...others] = families.map(({ registry }) => registry);
  const [ridge, ...rest] = problems!.members;
  expect(missing([{ ...problems!, members: rest }, ...others])).toEqual(["problem ridge"]);
  const bare = { ...ridge!, options: {} };
  const fewer = { ...problems!, members: [bare, ...rest] };
  expect(missing([fewer, ...others])).toEqual(["problem ridge l2"]);
  expect(missing(others)).toContain("problem ridge");
});

test("every member has a summary, documented options and examples that its checks accept", () => {
  for (const { registry } of families) {
    for (const member of registry.members) {
      expect(member.name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
      expect(member.summary.length).toBeGreaterThan(5);
      expect(member.examples.length).toBeGreaterThan(0);
      for (const option of Object.values(member.options))
        expect((option as { description?: string }).description, member.name).toBeTruthy();
      for (const example of member.examples)
        expect(() => registry.create({ type: member.name, ...example })).not.toThrow();
    }
  }
});

function missing(registries: readonly Registry<unknown>[]): string[] {
  const found: string[] = [];
  for (const [family, members] of Object.entries(released)) {
    const registry = registries.find((one) => one.family === family);
    for (const [name, options] of Object.entries<string>(members)) {
      const known = registry?.nameOf(name);
      const member = registry?.members.find((one) => one.name === known);
      if (member === undefined) found.push(`${family} ${name}`);
      else
        for (const option of options.split(" ").filter((one) => one !== ""))
          if (!Object.hasOwn(member.options, option)) found.push(`${family} ${name} ${option}`);
    }
  }
  return found;
}
