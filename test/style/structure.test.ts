import { expect, test } from "vitest";
import { measure } from "../../scripts/structure/measure.ts";

test("what npm run structure counts, on a small tree", () => {
  const found = measure({
    "src/run/course.ts": 'import { b } from "./b.ts";\nexport type Course = typeof b;\n',
    "src/run/b.ts": 'import type { Course } from "./course.ts";\nexport const b = 1 as Course;\n',
    "src/run/waiting/all.ts": [
      'import { b } from "../b.ts";',
      'export { c } from "./c.ts";',
      "export interface Step {",
      "  readonly besides: string;",
      "}",
      "export const all = (told: number) => [b, told];",
    ].join("\n"),
    "src/run/waiting/c.ts": `const c = 1;\nexport { c };\n${"// more\n".repeat(60)}`,
    "src/core/a.ts":
      'import { c } from "../run/waiting/c.ts";\nexport function b() { return c; }\n',
    "src/run/later.ts": 'export const later = () => import("./waiting/all.ts");\n',
  });
  expect(found).toMatchObject({
    files: 6,
    largestFolder: { path: "src/run", files: 3 },
    withOneImporter: ["src/run/course.ts", "src/run/waiting/all.ts"],
    circles: [["src/run/b.ts", "src/run/course.ts"]],
    roomCircles: [],
    arrowsUp: ["src/core/a.ts: core may not import src/run/waiting/c.ts"],
    doubled: [["b", ["src/run/b.ts", "src/core/a.ts"]]],
    old: {
      files: ["run/course.ts", "waiting/"],
      names: ["Course", "later"],
      members: ["besides"],
      literals: [],
    },
  });
  expect(found.shortShare).toBeCloseTo(5 / 6);
  expect(found.old.participles).toMatchObject({ told: 1, known: 0 });
});

test("two rooms that import each other are a circle, though no two files are", () => {
  const found = measure({
    "src/run/x/a.ts": 'import { b } from "../y/b.ts";\nexport const a = b;\n',
    "src/run/y/b.ts": "export const b = 1;\n",
    "src/run/y/c.ts": 'import { d } from "../x/d.ts";\nexport const c = d;\n',
    "src/run/x/d.ts": "export const d = 1;\n",
  });
  expect(found.circles).toEqual([]);
  expect(found.roomCircles).toEqual([{ folder: "src/run", rooms: ["x", "y"] }]);
});
