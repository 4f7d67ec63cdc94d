import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { ResultEvent } from "../../src/ports/events.ts";
import { campaign } from "../campaign.ts";
import { entryPath } from "../entries.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

const driver = entryPath("driver");
const stop = { rounds: 150, tolerance: 0 };
const common = { ...smallRidge, workers: 4, wait: "all", stop };
const cases = [
  { name: "l-bfgs", killsCount: campaign(4, 40), spec: { ...common, optimizer: "l-bfgs" } },
  {
    name: "local steps in secure sums",
    killsCount: campaign(2, 20),
    spec: {
      ...common,
      strategy: { type: "local-steps", secureSum: 3 },
      stop: { ...stop, rounds: 40 },
    },
  },
];

test.each(cases)("$name: killed $killsCount times, resumed to the same bits", async (one) => {
  const { spec, killsCount, name } = one;
  await using home = await temporaryHome();
  await using untouchedHome = await temporaryHome();
  const undisturbed = await runOn("simulated", untouchedHome.path, spec);
  const random = randomFrom("kill the orchestrator").fork(name);
  let run: string | undefined;
  let kills = 0;
  let finished: ResultEvent | undefined;
  while (finished === undefined) {
    const child = spawn(process.execPath, [driver, home.path, JSON.stringify(spec), run ?? ""]);
    const killAfter = kills < killsCount ? 1 + random.integer(6) : Number.POSITIVE_INFINITY;
    const seen = await watched(child, killAfter, random.integer(30));
    run = seen.run ?? run;
    if (seen.result === undefined) kills++;
    finished = seen.result;
  }
  expect(kills).toBe(killsCount);
  expect(finished.rounds).toBe(spec.stop.rounds);
  expect(finished.weightsDigest).toBe(undisturbed.result.weightsDigest);
});

/** Follows a driver and kills it a moment after it has told of so many rounds. */
async function watched(
  child: ChildProcess,
  killAfterRounds: number,
  delayMs: number,
): Promise<{ run?: string; result?: ResultEvent }> {
  const seen: { run?: string; result?: ResultEvent } = {};
  let rounds = 0;
  let complaint = "";
  child.stderr!.on("data", (text: Buffer) => (complaint += text));
  for await (const line of createInterface({ input: child.stdout! })) {
    const told = JSON.parse(line) as { run?: string; round?: number; result?: ResultEvent };
    if (told.run !== undefined) seen.run = told.run;
    if (told.result !== undefined) seen.result = told.result;
    if (told.round !== undefined && ++rounds === killAfterRounds)
      setTimeout(() => child.kill("SIGKILL"), delayMs);
  }
  if (seen.result === undefined && child.exitCode !== null)
    throw new Error(`the driver ended by itself: ${complaint}`);
  return seen;
}
