import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { entriesFolder } from "./test/entries.ts";
import { LongestFirst } from "./test/longest-first.ts";

export const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .map((path) => `test/${path.replaceAll("\\", "/")}`)
  .filter((path) => path.endsWith(".test.ts"));

/**
 * Files that put others in the place of modules: what was loaded before them would be as it was.
 * Files that load a module for what it registers: it is loaded once. And files that collect garbage
 * to see what is alive: what other files have left takes long.
 */
const apart = files.filter((path) =>
  /\bvi\.(mock|doMock)\(|own-members\.ts|= runInNewContext\("gc"\)/.test(
    readFileSync(path, "utf8"),
  ),
);

export const common = {
  setupFiles: ["./test/put-back.ts"],
  // For what hangs, and nothing else: no test depends on how fast a machine is.
  testTimeout: 600_000,
  hookTimeout: 600_000,
  env: {
    // Node keeps what it compiled for the processes that tests start.
    NODE_COMPILE_CACHE: resolve("node_modules/.cache/compiled"),
    KOFN_ENTRIES: resolve(entriesFolder),
  },
};

export default defineConfig({
  test: {
    globalSetup: ["./test/global-setup.ts"],
    reporters: ["default", "./test/plain-count.reporter.ts"],
    sequence: { sequencer: LongestFirst },
    // Some wait for processes: one file more than there are cores.
    maxWorkers: availableParallelism() + 1,
    projects: [
      // Loading the sources anew costs a file half a second: files of one worker share them. Node
      // loads them by itself, as it does for users: Vite's own form of modules computes slower.
      {
        test: {
          ...common,
          name: "shared",
          include: files,
          exclude: apart,
          isolate: false,
          experimental: { viteModuleRunner: false },
        },
      },
      { test: { ...common, name: "apart", include: apart, isolate: true } },
    ],
  },
});
