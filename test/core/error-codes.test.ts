import { join } from "node:path";
import { expect, expectTypeOf, test } from "vitest";
import {
  type ErrorCode,
  errorCodes,
  exitCodes,
  kindOf,
  remedyOf,
} from "../../src/core/error-codes/error-codes.ts";
import { RunError } from "../../src/core/errors.ts";
import { readTexts } from "../style/source-tree.ts";

const all = Object.values(errorCodes).flatMap((codes) => Object.entries(codes));

test("a code stands once, in kebab-case, with one meaning and one remedy", () => {
  const names = all.map(([code]) => code);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((code) => !/^[a-z]+(-[a-z0-9]+)*$/.test(code))).toEqual([]);
  expect(all.filter(([, text]) => !/^[^;]+; [^;]+[^.;]$/.test(text))).toEqual([]);
});

test("every code is thrown somewhere; that none is missing, the type sees to", () => {
  const sources = Object.entries(readTexts(join(import.meta.dirname, "../.."), ["src"], [".ts"]));
  const text = sources
    .filter(([path]) => !path.startsWith("src/core/error-codes/"))
    .map(([, source]) => source)
    .join("\n");
  expect(all.map(([code]) => code).filter((code) => !text.includes(`"${code}"`))).toEqual([]);
  expectTypeOf<"no-such-code">().not.toExtend<ErrorCode>();
});

test("an error exits as its code says, unless it says otherwise itself", () => {
  const exitOf = (code: ErrorCode) => exitCodes[new RunError(code, "").kind];
  expect(exitOf("bad-yaml")).toBe(2);
  expect(exitOf("throttled")).toBe(3);
  expect(exitOf("over-budget")).toBe(4);
  expect(exitOf("interrupted")).toBe(130);
  expect(new RunError("probe-stopped", "", { kind: "unfinished" }).kind).toBe("unfinished");
  expect(kindOf("no-network")).toBe("unfinished");
  expect(remedyOf("run-exists")).toBe("choose another name");
});
