import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { breaches } from "./rules.ts";
import { readTexts } from "./source-tree.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["src", "functions", "infra", "scripts", "test", "bench", "examples", "docs"];

test("the house style holds everywhere", () => {
  const texts = readTexts(root, folders, [".ts", ".css", ".md", ".yaml", ".mjs"]);
  // Bytes, made by the build; nobody writes or reads them.
  const { "src/math/kernels/binary.ts": _, ...written } = texts;
  expect(Object.keys(written).length).toBeGreaterThan(100);
  expect(breaches(written)).toEqual([]);
});

describe("a planted fault is found", () => {
  const long = (lines: number) => Array(lines).fill("  let a = 1;").join("\n");
  test.each([
    [
      "src/math/a.ts",
      'import { x } from "../run/resolve-members.ts";',
      "math may not import src/run/resolve-members.ts",
    ],
    ["src/core/a.ts", 'export * from "../limits.ts";', "core may not import src/limits.ts"],
    [
      "src/encoding/a.ts",
      'import type { P } from "../problems/problem.ts";',
      "encoding may not import src/problems/problem.ts",
    ],
    [
      "src/data/encode/a.ts",
      'const later = () => import("../../encoding/registry.ts");',
      "data/encode may not import src/encoding/registry.ts",
    ],
    [
      "src/report/a.ts",
      'type Loop = import("../engine/loop.ts").Loop;',
      "report may not import src/engine/loop.ts",
    ],
    [
      "functions/a.ts",
      'import { x } from "../src/emulator/emulator.ts";',
      "functions may not import src/emulator/emulator.ts",
    ],
    [
      "src/run/a.ts",
      'import { S3Client } from "@aws-sdk/client-s3";',
      "run may not import the package @aws-sdk/client-s3",
    ],
    ["src/drawer/a.ts", 'import "./b.ts";', "drawer has no place in the table of layers"],
    ["src/run/a.ts", `const a = "${"x".repeat(100)}";`, "113 columns"],
    ["src/run/a.ts", "const a = 1 as any;", "the type any"],
    ["test/run/a.test.ts", "let a: any[];", "the type any"],
    ["src/run/a.ts", `// @ts-${"ignore"}`, "switches types off"],
    ["src/run/a.ts", `// TO${"DO"}: later`, "is a note to nobody"],
    ["docs/a.md", `see /ho${"me"}/me/a`, "is a path of one machine"],
    ["src/run/a.ts", `function a() {\n${long(60)}\n}`, "a function of 62 lines"],
    ["src/run/a.ts", `const a = {\n  b() {\n${long(59)}\n  },\n};`, "a function of 61 lines"],
    ["src/run/a.ts", `${long(251)}\n`, "251 lines"],
  ])("in %s, line by line: %s", (path, text, expected) => {
    expect(breaches({ [path]: text })).toEqual([expect.stringContaining(expected)]);
  });

  test("and so is a package imported in two folders", () => {
    const [a, b] = ["cli", "report"].map((folder) => `src/${folder}/a.ts`) as [string, string];
    const found = breaches({ [a]: 'import "open";', [b]: 'import "open";' });
    expect(found).toContain("open: imported in cli and report");
  });
});

test("what only looks like a fault is none", () => {
  const text = [
    'import { readFileSync } from "node:fs";',
    'import type { Encoding } from "../../encoding/encoding.ts";',
    '// import { x } from "../engine/loop.ts" and any of these',
    "const a = 'import x from \"../run/loop.ts\"';",
    "function short() {",
    ...Array(58).fill("  call();"),
    "}",
  ].join("\n");
  expect(breaches({ "src/data/encode/a.ts": text })).toEqual([]);
});
