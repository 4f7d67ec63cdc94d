import { expect, test } from "vitest";
import { kofn } from "./fixtures.ts";

test("the help names every command with the arguments that the command declares", async () => {
  const { out } = await kofn("nowhere", "--help");
  const terms = [...out.matchAll(/^ {2}(\w+)( \[options\](?: <\w+>| \[[\w.]+\])*)(?: |$)/gm)];
  expect(terms.length).toBeGreaterThan(15);
  for (const [, name, usage] of terms) {
    const command = await kofn("nowhere", name!, "--help");
    expect(command.out, name).toContain(`Usage: kofn ${name}${usage}\n`);
  }
});

test("a name that is nearly a command's gets a suggestion", async () => {
  const { exitCode, err } = await kofn("nowhere", "simulat");
  expect(exitCode).toBe(2);
  expect(err).toContain("simulate");
});
