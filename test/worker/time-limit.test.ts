import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createWorkerFunction } from "../../src/platform/cloud/worker-function.ts";
import { Watchdog } from "../../src/worker/time-limit.ts";

const module = fileURLToPath(new URL("../../src/worker/time-limit.ts", import.meta.url));

/** A process that does this within a limit. */
async function inProcess(limitMs: number, work: string) {
  const code = `
    const { Watchdog } = await import(${JSON.stringify(module)});
    const watchdog = new Watchdog();
    const busy = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };
    const keep = (limitMs, work) => watchdog.keep({ limitMs, passedMs: 0 }, work);
    ${work.replaceAll("LIMIT", String(limitMs))}`;
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<[number | null, string | null]>((resolve) =>
    child.once("close", (...how) => resolve(how)),
  );
  const [out, err, [exit, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  return { out, err, exit, signal };
}

test("work that would go on for ever ends with its process, and says why", async () => {
  for (const work of ["busy(60_000)", "await new Promise(() => setTimeout(() => {}, 60_000))"]) {
    const ended = await inProcess(200, `await keep(LIMIT, async () => { ${work}; });`);
    expect(ended).toMatchObject({ exit: null, signal: "SIGKILL", out: "" });
    expect(ended.err).toMatch(/the task's limit of time has passed/);
  }
});

test("work within its limits is left alone, also long after them", async () => {
  const ended = await inProcess(
    5_000,
    `for (const one of [1, 2, 3]) console.log(await keep(LIMIT, () => one));
     await keep(300, async () => {});
     busy(600);
     await new Promise((resolve) => setTimeout(resolve, 300));
     console.log("over");`,
  );
  expect(ended).toEqual({ out: "1\n2\n3\nover\n", err: "", exit: 0, signal: null });
});

test("a task whose time was over before it came is not begun", async () => {
  let begun = 0;
  const work = () => begun++;
  await expect(new Watchdog().keep({ limitMs: 500, passedMs: 500 }, work)).rejects.toMatchObject({
    code: "time-limit",
  });
  expect(begun).toBe(0);
  // Of the function's two minutes six seconds are over, and the task had five.
  const handler = createWorkerFunction({ bucket: "none" });
  const task = { id: "a", slot: 0, operation: "gradient", limitMs: 5_000 };
  const event = { version: 1, run: "r", encoded: "e", problem: { type: "ridge" }, task };
  const replied = handler(event, { end: () => {} }, { getRemainingTimeInMillis: () => 114_000 });
  await expect(replied).rejects.toMatchObject({ code: "time-limit" });
});
