import { defineConfig } from "vitest/config";

const common = { testTimeout: 60_000, hookTimeout: 60_000 };

/** Whole runs over real processes: one at a time and alone, so that wall time means something. */
const alone = ["test/scenarios/**/*.test.ts"];

export default defineConfig({
  test: {
    globalSetup: ["./test/global-setup.ts"],
    reporters: ["default", "./test/plain-count.reporter.ts"],
    projects: [
      {
        test: {
          ...common,
          name: "parts",
          include: ["test/**/*.test.ts"],
          exclude: alone,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...common,
          name: "scenarios",
          include: alone,
          fileParallelism: false,
          testTimeout: 180_000,
          sequence: { groupOrder: 0 },
        },
      },
    ],
  },
});
