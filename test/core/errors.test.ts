import { expect, test } from "vitest";
import { exitCodes } from "../../src/core/error-codes/error-codes.ts";
import { assert, messageOf, RunError } from "../../src/core/errors.ts";

test("a RunError says what, why and what to do", () => {
  const cause = new Error("deep");
  const error = new RunError("no-rows", "data.source: nothing at x.csv", { hint: "check", cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: "RunError",
    code: "no-rows",
    message: "data.source: nothing at x.csv",
    hint: "check",
    kind: "input",
    cause,
  });
  const bare = new RunError("bad-value", "b", { kind: "budget" });
  expect(bare).toMatchObject({ kind: "budget", hint: undefined });
  expect("cause" in bare).toBe(false);
});

test("exit codes are what scripts rely on", () => {
  expect(exitCodes).toEqual({ input: 2, unfinished: 3, budget: 4, interrupted: 130 });
});

test("a broken promise of our own is no RunError", () => {
  expect(() => assert(true, "holds")).not.toThrow();
  for (const no of [false, 0, "", null, undefined]) {
    const act = () => assert(no, "slots ascend");
    expect(act).toThrow("broken promise: slots ascend");
    expect(act).not.toThrow(RunError);
  }
});

test("whatever was thrown has a message", () => {
  expect(messageOf(new RunError("bad-value", "b"))).toBe("b");
  expect(messageOf("text")).toBe("text");
  expect(messageOf(undefined)).toBe("undefined");
});
