import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { DataInput } from "../../src/data/options.ts";
import { badCells } from "./bad-cells.ts";
import { badColumns } from "./bad-columns.ts";
import { badFiles } from "./bad-files.ts";
import { badInputs } from "./bad-input.ts";
import { prepared, refusal } from "./fixtures.ts";

let folder = "";
let temporary = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kofn-test-"));
  temporary = join(folder, "temporary");
  await mkdir(temporary);
});
beforeEach(() => void vi.stubEnv("TMPDIR", temporary));
afterAll(() => rm(folder, { recursive: true }));

/** Options with paths as they are within `root`. */
function within(root: string, options: DataInput): DataInput {
  const { source, test, targetSource } = options;
  return {
    ...options,
    ...(typeof source === "string" ? { source: join(root, source) } : {}),
    ...(targetSource === undefined ? {} : { targetSource: join(root, targetSource) }),
    ...(typeof test === "string" ? { test: join(root, test) } : {}),
  };
}

describe("data that cannot be used", () => {
  it.each([...badInputs, ...badCells, ...badColumns, ...badFiles])(
    "is refused with place and remedy: $name",
    async (bad) => {
      const root = await mkdtemp(join(folder, "case-"));
      for (const [name, content] of Object.entries(bad.files))
        if (content === null) await mkdir(join(root, name));
        else await writeFile(join(root, name), content);
      const task = bad.task ?? "regression";
      const error = await refusal(
        (async () => prepared({}, within(root, bad.options), { task }))(),
      );
      expect({ code: error.code, message: error.message }).toEqual({
        code: bad.code,
        message: expect.stringMatching(bad.message),
      });
      expect(error.hint).toMatch(bad.hint ?? /./);
      expect(await readdir(temporary)).toEqual([]);
    },
  );

  it.skipIf(process.getuid?.() === 0)("is refused where it may not be read", async () => {
    const path = join(folder, "secret.csv");
    await writeFile(path, "a,y\n1,2\n");
    await chmod(path, 0);
    const error = await refusal(prepared({}, { source: path, target: "y" }));
    expect([error.code, error.hint]).toEqual(["unreadable-file", expect.stringMatching(/chmod/)]);
  });

  it("leaves no temporary file behind on success either", async () => {
    const path = join(folder, "good.csv");
    await writeFile(path, "a,y\n1,2\n3,4\n");
    await prepared({}, { source: path, target: "y" });
    expect(await readdir(temporary)).toEqual([]);
  });
});
