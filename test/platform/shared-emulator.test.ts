import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import type { ResultEvent } from "../../src/ports/events.ts";
import { campaign } from "../campaign.ts";
import { entryPath } from "../entries.ts";
import { eventually } from "../eventually.ts";
import { runOn, smallRidge, temporaryHome } from "../scenarios/workplace.ts";

const driver = entryPath("driver");
const specOf = (seed: number, rounds: number) => ({
  ...smallRidge,
  ...{ seed, workers: 2, wait: "all", optimizer: "l-bfgs", stop: { rounds, tolerance: 0 } },
});

interface Driven {
  readonly child: ChildProcess;
  /** Resolves once it has told of its third round, after which it stands still. */
  readonly began: Promise<void>;
  readonly run: () => string;
  /** Null where it was killed. */
  readonly ended: Promise<ResultEvent | null>;
}

/** A run in a process of its own. One that goes on with another does not stand still. */
function driven(home: string, spec: object, resumed?: string): Driven {
  const standing = resumed === undefined ? "3" : "";
  const args = [driver, home, JSON.stringify(spec), resumed ?? "", standing];
  const child = spawn(process.execPath, args);
  const began = Promise.withResolvers<void>();
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => (complaint += text));
  let run = "";
  const ended = (async () => {
    let result: ResultEvent | null = null;
    for await (const line of createInterface({ input: child.stdout })) {
      const told = JSON.parse(line) as { run?: string; round?: number; result?: ResultEvent };
      run = told.run ?? run;
      if (String(told.round) === standing) began.resolve();
      result = told.result ?? result;
    }
    if (result === null && child.exitCode !== null) throw new Error(complaint);
    return result;
  })();
  ended.catch(began.reject);
  return { child, began: began.promise, run: () => run, ended };
}

const goOn = ({ child }: Driven) => child.stdin!.write("\n");

function emulatorOf(home: string): number {
  return JSON.parse(readFileSync(join(home, "emulator.json"), "utf8")).pid;
}

const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function digestAlone(spec: object): Promise<string> {
  await using home = await temporaryHome();
  return (await runOn("simulated", home.path, spec)).result.weightsDigest;
}

describe("one emulator serves all runs of a home", () => {
  test.each(campaign([2], [2, 8]))(
    "%d at once: who started it is killed, the others end as alone, and he goes on",
    async (count) => {
      await using home = await temporaryHome();
      const specs = Array.from({ length: count }, (_, i) => specOf(i, 40));
      const first = driven(home.path, specs[0]!);
      await first.began;
      const pid = emulatorOf(home.path);
      const others = specs.slice(1).map((spec) => driven(home.path, spec));
      await Promise.all(others.map(({ began }) => began));
      first.child.kill("SIGKILL");
      expect(await first.ended).toBeNull();
      expect([isThere(pid), emulatorOf(home.path)]).toEqual([true, pid]);
      const again = driven(home.path, specs[0]!, first.run());
      others.forEach(goOn);
      const results = await Promise.all([again, ...others].map(({ ended }) => ended));
      for (const [i, result] of results.entries())
        expect(result!.weightsDigest).toBe(await digestAlone(specs[i]!));
      // With the last of them it ends.
      await eventually(
        () => !existsSync(join(home.path, "emulator.json")),
        "it is announced no more",
      );
      await eventually(() => !isThere(pid), "its process is gone");
    },
  );

  test.each(campaign([], [8]))(
    "%d begin at one moment, and there is one emulator",
    async (count) => {
      await using home = await temporaryHome();
      const specs = Array.from({ length: count }, (_, i) => specOf(i, 40));
      const all = specs.map((spec) => driven(home.path, spec));
      const pids = await Promise.all(
        all.map(({ began }) => began.then(() => emulatorOf(home.path))),
      );
      expect(new Set(pids).size).toBe(1);
      all.forEach(goOn);
      for (const [i, { ended }] of all.entries())
        expect((await ended)!.weightsDigest).toBe(await digestAlone(specs[i]!));
    },
  );

  test("it is killed itself: those that use it start it again, once, and go on", async () => {
    await using home = await temporaryHome();
    const specs = [specOf(1, 40), specOf(2, 40)];
    const all = specs.map((spec) => driven(home.path, spec));
    await Promise.all(all.map(({ began }) => began));
    const pid = emulatorOf(home.path);
    process.kill(pid, "SIGKILL");
    all.forEach(goOn);
    await eventually(() => emulatorOf(home.path) !== pid, "another is announced");
    const results = await Promise.all(all.map(({ ended }) => ended));
    for (const [i, result] of results.entries())
      expect(result!.weightsDigest).toBe(await digestAlone(specs[i]!));
  });
});
