import { join } from "node:path";
import { expect, test } from "vitest";
import { readTexts } from "./source-tree.ts";

test("prices stand in src/limits.ts and nowhere else", () => {
  // A price is a number under a name in dollars, or one as small as prices are.
  const price = /\busd\w*: (?!0,)\d|\b\w*Usd\w* = 0?\.?\d*[1-9]|(?<!\$)\b0\.0000\d|\d \/ 1e[36]\b/;
  const texts = readTexts(
    join(import.meta.dirname, "../.."),
    ["src", "infra", "functions"],
    [".ts"],
  );
  const linesOf = ([path, text]: [string, string]) =>
    text.split("\n").flatMap((line) => (price.test(line) ? [`${path}: ${line.trim()}`] : []));
  const { "src/limits.ts": table = "", ...others } = texts;
  expect(linesOf(["src/limits.ts", table]).length).toBeGreaterThan(4);
  expect(Object.entries(others).flatMap(linesOf)).toEqual([]);
  // What an invocation costs is put together there as well.
  const parts = /usdPerGbSecond|usdPerTenantEnvironmentGb/;
  expect(Object.keys(others).filter((path) => parts.test(others[path]!))).toEqual([]);
});
