import type { Reporter, TestModule } from "vitest/node";

/** Ends the output with one plain line, `N passed, N failed`, for machines that read it. */
export default class PlainCount implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      // What fails around the tests, a hook or the file itself, is a failure of its own.
      const isFailed = module.state() === "failed";
      if (isFailed && [...module.children.allTests("failed")].length === 0) count.failed++;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === "passed" || state === "failed" || state === "skipped") count[state]++;
      }
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
    // After the default reporter's own summary, which is printed in the same phase.
    setTimeout(() => console.log(`${count.passed} passed, ${count.failed} failed${skipped}`), 0);
  }
}
