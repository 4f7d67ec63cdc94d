import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const source = join(import.meta.dirname, "../../src");

/** What a process of its own prints, as a failure that nobody handles ends one. */
function printed(code: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
    cwd: source,
  });
  return stdout.trim() || stderr;
}

const turn = "await new Promise((resolve) => setImmediate(resolve));";

test("what fails before it is awaited is heard by who awaits it, and ends no process", () => {
  const code = `
    const { awaitedLater } = await import("${join(source, "core/awaited-later.ts")}");
    const work = awaitedLater(Promise.reject(new Error("no room")));
    ${turn}
    await work.catch((thrown) => console.log("heard:", thrown.message));`;
  expect(printed(code)).toBe("heard: no room");
});

test("a part whose writing fails early is told at the end", () => {
  const code = `
    const { PartQueue } = await import("${join(source, "data/parts/dense-parts.ts")}");
    const fail = async () => { throw new Error("no room"); };
    const parts = new PartQueue({ write: fail, writeOnce: fail });
    await parts.add(Uint8Array.of(1), 1);
    ${turn.repeat(3)}
    await parts.close().catch((thrown) => console.log("heard:", thrown.message));`;
  expect(printed(code)).toBe("heard: no room");
});
