import { expect, test, vi } from "vitest";
import type { TestModule } from "vitest/node";
import PlainCount from "../plain-count.reporter.ts";

type State = "passed" | "failed" | "skipped";

/** A file as Vitest tells of it: its own state, and its tests'. */
function file(state: State, tests: readonly State[]): TestModule {
  const allTests = (only?: State) =>
    tests
      .filter((one) => only === undefined || one === only)
      .map((one) => ({ result: () => ({ state: one }) }));
  return { state: () => state, children: { allTests } } as never;
}

test.each<[string, TestModule[], string]>([
  ["all", [file("passed", ["passed", "passed"])], "2 passed, 0 failed"],
  ["a test", [file("failed", ["passed", "failed"])], "1 passed, 1 failed"],
  ["a file that cannot be loaded", [file("failed", [])], "0 passed, 1 failed"],
  ["a hook", [file("failed", ["skipped", "skipped"])], "0 passed, 1 failed, 2 skipped"],
  ["a hook after all", [file("failed", ["passed"])], "1 passed, 1 failed"],
])("the last line counts what passed and what failed: %s", (_what, files, line) => {
  vi.useFakeTimers();
  const said = vi.spyOn(console, "log").mockImplementation(() => {});
  new PlainCount().onTestRunEnd(files, []);
  vi.runAllTimers();
  expect(said.mock.calls).toEqual([[line]]);
});
