import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { startEmulatorProcess } from "../../src/emulator/emulator-process.ts";

const forked = vi.hoisted(() => ({ ends: [] as Promise<unknown>[] }));
vi.mock("node:child_process", async (original) => {
  const real = await original<typeof import("node:child_process")>();
  const fork = (...given: Parameters<typeof real.fork>) => {
    const child = real.fork(...given);
    const ended = (resolve: (signal: unknown) => void) =>
      child.once("exit", (_code, signal) => resolve(signal));
    forked.ends.push(new Promise(ended));
    return child;
  };
  return { ...real, fork };
});

test("an emulator that cannot start ends: its process would keep its parent for ever", async () => {
  const home = await mkdtemp(join(tmpdir(), "kofn-process-"));
  const first = await startEmulatorProcess({ home, functions: {} });
  onTestFinished(async () => {
    await first.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  });
  const second = startEmulatorProcess({ home, functions: {} });
  await expect(second).rejects.toMatchObject({ code: "root-in-use" });
  expect(await forked.ends[1]).toBe("SIGKILL");
});
