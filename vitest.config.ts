import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

export default defineConfig({
  test: {
    globalSetup: ["./test/global-setup.ts"],
    reporters: ["default", "./test/plain-count.reporter.ts"],
    include: ["test/**/*.test.ts"],
    sequence: { sequencer: LongestFirst },
    maxWorkers: Math.max(2, availableParallelism()),
    // Loading the sources anew costs a file half a second: files of one worker share them.
    isolate: false,
    setupFiles: ["./test/put-back.ts"],
    // For what hangs, and nothing else: no test depends on how fast a machine is.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
