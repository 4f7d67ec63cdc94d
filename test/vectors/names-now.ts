import { join } from "node:path";
import { labelsIn } from "../../scripts/goldens/promises.ts";
import * as layout from "../../src/store-layout.ts";
import { readTexts, type SourceTexts } from "../style/source-tree.ts";

export const promisesPath = join(import.meta.dirname, "promises.json");
const root = join(import.meta.dirname, "../..");

/** The sources of the package. */
export function sourceTexts(): SourceTexts {
  return readTexts(root, ["src"], [".ts"]);
}

/** Labels of all draws but those of the contract suites, on which no run hangs. */
export function labelsOf(texts: SourceTexts): string[] {
  const runs = Object.entries(texts).filter(([path]) => !path.startsWith("src/testing/"));
  return labelsIn(runs.map(([, text]) => text));
}

/** What takes a layout apart instead of making a key. */
const readers: readonly unknown[] = [layout.prefixIn, layout.memoryPrefixOf];

/** Every key and prefix of the store's layout, for a run called RUN and numbers 1, 2, 3. */
export function layoutNow(): string[] {
  const keys = Object.values(layout).flatMap((made: unknown) => {
    if (typeof made !== "function" || readers.includes(made)) return [];
    const name = /^\(?(digest|prepared)/.test(String(made)) ? "DIGEST" : "RUN";
    return [(made as (...given: unknown[]) => string)(name, ...["1", "2", "3"])];
  });
  const patterns = Object.values(layout.prefixes).map(({ pattern }) => pattern);
  return [...new Set([...keys, ...patterns])].sort();
}
