import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stagingFolder } from "../../scripts/build.ts";
import { specTypes } from "../../scripts/write-spec-types.ts";
import { right, wrong } from "./spec-cases.ts";

const root = join(import.meta.dirname, "../..");

test("the types of specs are what the registries say; `npm run docs` writes them", () => {
  for (const [path, text] of specTypes()) expect(readFileSync(path, "utf8"), path).toBe(text);
});

test("tsc takes 42 right specs, and names what is wrong with 42 others", () => {
  expect([right.length, wrong.length]).toEqual([42, 42]);
  // In the repository, so that the compiler finds what the sources import.
  const folder = stagingFolder();
  try {
    const lines = [...right, ...wrong.map(([spec]) => spec)].map(
      (spec, i) => `export const spec${i}: SpecInCode = { ${spec} };`,
    );
    const head = 'import type { SpecInCode } from "../../../src/library/spec-in-code.ts";';
    writeFileSync(join(folder, "specs.ts"), [head, ...lines, ""].join("\n"));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const options = ["--ignoreConfig", "--noEmit", "--strict", "--exactOptionalPropertyTypes"];
    const language = ["--module", "nodenext", "--target", "es2023", "--types", "node"];
    const libraries = ["--lib", "es2024,esnext.disposable"];
    const { stdout } = spawnSync(
      process.execPath,
      [
        ...[
          tsc,
          ...options,
          ...language,
          ...libraries,
          "--allowImportingTsExtensions",
          "--skipLibCheck",
        ],
        ...["--erasableSyntaxOnly", "--pretty", "false", join(folder, "specs.ts")],
      ],
      { encoding: "utf8", cwd: root },
    );
    const told = new Map<number, string>();
    for (const message of stdout.split(/\n(?=\S)/)) {
      const [, line, column] = /specs\.ts\((\d+),(\d+)\)/.exec(message) ?? [];
      if (line === undefined) expect(message).toBe("");
      // What an editor underlines is part of what it says.
      const place = Number(line) - 2;
      const underlined = /^\w+/.exec(lines[place]?.slice(Number(column) - 1) ?? "")?.[0];
      told.set(place, `'${underlined}' ${message}`);
    }
    for (const [i, spec] of right.entries()) expect(told.get(i), spec).toBeUndefined();
    for (const [i, [spec, named]] of wrong.entries())
      expect(told.get(right.length + i), spec).toMatch(new RegExp(`['"]${named}['"]`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
