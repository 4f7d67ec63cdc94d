import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { optionRows } from "../../scripts/describe-options.ts";
import { reference, referencePath } from "../../scripts/write-reference.ts";

test("docs/reference.md is what the registries and schemas say; `npm run docs` writes it", () => {
  expect(readFileSync(referencePath, "utf8")).toBe(reference());
});

describe("an option in words", () => {
  test.each<[z.ZodType, string, string]>([
    [z.int().min(1).max(9).default(3), "whole number, 1 to 9", "3"],
    [z.int(), "whole number", "required"],
    [z.number().gt(0).max(1).optional(), "number, above 0, at most 1", "none"],
    [z.union([z.literal("safe"), z.number()]).default("safe"), '"safe" or number', '"safe"'],
    [z.enum(["a", "b"]).default("a"), '"a", "b"', '"a"'],
    [z.array(z.array(z.string())).default([]), "list of list of text", "[]"],
    [z.boolean().default(false), "true or false", "false"],
    [z.union([z.string(), z.number()]).transform(Number).default(2), "text or number", "2"],
  ])("%#: %s", (schema, type, fallback) => {
    const options = z.strictObject({ a: schema.describe("doc") });
    expect(optionRows(options, "x.")).toEqual([{ name: "x.a", doc: "doc", type, fallback }]);
  });

  test("options within options come after their own", () => {
    const inner = z.strictObject({ b: z.string().describe("inner") }).prefault({ b: "c" });
    const rows = optionRows(z.strictObject({ a: inner.describe("outer") }));
    expect(rows.map(({ name, doc }) => `${name} ${doc}`)).toEqual(["a outer", "a.b inner"]);
  });
});
