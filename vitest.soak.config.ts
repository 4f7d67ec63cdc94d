import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import usual, { common, files } from "./vitest.config.ts";

/**
 * The files with a campaign, which are as long here as they are worth: hours rather than minutes.
 * Properties belong to them: here each takes new inputs.
 */
const campaigns = files.filter((path) =>
  /\/campaign\.ts"|"fast-check"/.test(readFileSync(path, "utf8")),
);
const day = 24 * 3_600_000;
const { projects: _, ...test } = usual.test!;

export default defineConfig({
  test: {
    ...test,
    ...common,
    include: campaigns,
    isolate: false,
    env: { ...common.env, KOFN_SOAK: "1" },
    testTimeout: day,
    hookTimeout: day,
  },
});
