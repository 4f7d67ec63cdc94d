import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readSurface, surfaceChanges, surfaceOf } from "../../scripts/surface/surface.ts";
import { declarationsNow, publicEntries, surfacePath } from "../../scripts/write-surface.ts";

const texts = declarationsNow();
const now = surfaceOf(publicEntries(), texts);

test("what the package exports, with types, is what is listed: npm run surface lists it", () => {
  expect(surfaceChanges(readSurface(readFileSync(surfacePath, "utf8")), now)).toEqual([]);
});

test("every entry of the package exports something, and each of it has a declaration", () => {
  const entries = Object.keys(publicEntries());
  expect(entries).toEqual(expect.arrayContaining(["kofn", "kofn/tfjs", "kofn/infra"]));
  for (const entry of entries)
    expect(
      [...now.keys()].some((heading) => heading.startsWith(`${entry}: `)),
      entry,
    ).toBe(true);
  for (const [heading, text] of now) expect(text, heading).not.toBe("");
});

/** The surface with one text replaced in one module's declarations. */
function changed(module: string, before: string, after: string): string[] {
  const text = texts.get(module)!;
  expect(text).toContain(before);
  const other = new Map([...texts, [module, text.replace(before, after)]]);
  return surfaceChanges(now, surfaceOf(publicEntries(), other));
}

const first = "export { RunError }";

test.each([
  ["src/index", first, `export declare const more: 1;\n${first}`, "kofn: more is new"],
  ["src/index", "resume, ", "", "kofn: resume is gone"],
  [
    "src/library/train",
    "readonly home?: string",
    "readonly folder?: string",
    "kofn: TrainOptions was",
  ],
  ["src/journal/run-record", "readonly run: string", "readonly run: number", "$"],
  [
    "src/spec/run-spec",
    "readonly workers: number",
    "readonly workers: string",
    "kofn: RunSpec was",
  ],
  ["src/data/options", "intercept: ", "intercepts: ", "behind: dataSchema was"],
  [
    "infra/settings",
    "readonly prefix: string",
    "readonly prefix?: string",
    "kofn/infra: Settings was",
  ],
] as const)("in %s, %j instead of %j is told where it is public", (module, before, after, told) => {
  expect(changed(module, before, after).join("\n")).toMatch(new RegExp(`^${told}`));
});
