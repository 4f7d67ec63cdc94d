import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, mergeConfig } from "vitest/config";
import usual from "./vitest.config.ts";

/** The files with a campaign, which are as long here as they are worth: hours rather than minutes. */
const campaigns = readdirSync("test", { recursive: true, encoding: "utf8" })
  .map((path) => `test/${path}`)
  .filter((path) => path.endsWith(".test.ts"))
  .filter((path) => /\/campaign\.ts"/.test(readFileSync(path, "utf8")));

const day = 24 * 3_600_000;
const soak = { env: { KOFN_SOAK: "1" }, testTimeout: day, hookTimeout: day };

export default mergeConfig(
  { ...usual, test: { ...usual.test, include: campaigns } },
  defineConfig({ test: soak }),
);
