import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { ResultEvent } from "../../src/ports/events.ts";
import { campaign } from "../campaign.ts";
import { entryPath } from "../entries.ts";
import { replayedDigest, runOn, smallRidge, temporaryHome } from "./workplace.ts";

const driver = entryPath("driver");
/** Kills come every few rounds: a campaign's run must last for all of them. */
const stop = { rounds: campaign(40, 500), tolerance: 0 };
const fewer = campaign(20, 400);
const common = { ...smallRidge, workers: 4, wait: "all", stop };
const classes = {
  ...common,
  problem: { type: "logistic", l2: 0.1 },
  data: {
    generate: { type: "classification", rows: 400, features: 6 },
    classes: [0, 1],
    standardize: false,
  },
};
const privacy = { epsilon: 3, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 };
/** Every strategy, by real functions; 300 kills where it is a campaign, else 8. */
const cases = [
  { name: "l-bfgs", killsCount: campaign(2, 60), spec: { ...common, optimizer: "l-bfgs" } },
  {
    name: "local steps in secure sums",
    killsCount: campaign(1, 40),
    spec: {
      ...common,
      strategy: { type: "local-steps", secureSum: 3 },
      stop: { ...stop, rounds: fewer },
    },
  },
  {
    name: "blocks",
    killsCount: campaign(1, 40),
    spec: { ...common, optimizer: undefined, strategy: "encoded-blocks" },
  },
  {
    name: "gossip",
    killsCount: campaign(1, 40),
    spec: {
      ...classes,
      optimizer: undefined,
      strategy: { type: "gossip", graph: "ring", steps: { decaying: 0.1 }, region: { ball: 10 } },
      privacy,
      stop: { rounds: fewer },
    },
    isPrivate: true,
  },
  {
    name: "private sums",
    killsCount: campaign(1, 40),
    spec: {
      ...classes,
      optimizer: { type: "sgd", learningRate: 0.5 },
      strategy: { type: "dp-sgd", noise: "workers" },
      privacy,
      stop: { rounds: fewer },
    },
    isPrivate: true,
  },
  {
    name: "alternating",
    killsCount: campaign(1, 40),
    spec: {
      problem: { type: "factorization", rank: 2, l2: 0.01 },
      data: { generate: { type: "ratings", rows: 300, users: 20, items: 15, rank: 2 } },
      workers: 4,
      wait: "all",
      strategy: { type: "alternating", epochs: campaign(4, 100), iterations: 3 },
      weather: { model: "calm" },
      stop: { tolerance: 0 },
    },
  },
  {
    name: "asynchronous steps",
    killsCount: campaign(1, 40),
    spec: { ...common, strategy: "async-sgd", stop: { ...stop, rounds: campaign(100, 2_000) } },
    isAsynchronous: true,
  },
];

test.each<Case>(cases)("$name: killed $killsCount times, resumed to its end", async (one) => {
  const { spec, killsCount, name } = one;
  await using home = await temporaryHome();
  const random = randomFrom("kill the orchestrator").fork(name);
  await using untouchedHome = await temporaryHome();
  // Noise is of secrets that no other run has; who comes first is nobody's to repeat.
  const isUnique = one.isPrivate === true || one.isAsynchronous === true;
  const undisturbed = isUnique ? null : await runOn("simulated", untouchedHome.path, spec);
  let kills = 0;
  // A run may come to its end between two kills: another then takes the rest of them.
  while (kills < killsCount) {
    let run: string | undefined;
    let finished: ResultEvent | undefined;
    while (finished === undefined) {
      const child = spawn(process.execPath, [driver, home.path, JSON.stringify(spec), run ?? ""]);
      const killAfter = kills < killsCount ? 1 + random.integer(6) : Number.POSITIVE_INFINITY;
      const seen = await watched(child, killAfter, random.integer(30));
      run = seen.run ?? run;
      if (seen.result === undefined) kills++;
      finished = seen.result;
    }
    const { rounds } = spec.stop;
    if (rounds !== undefined) expect(finished.rounds).toBe(rounds);
    // Whatever it was interrupted by, its events lead to its weights.
    expect(await replayedDigest(home.path, run!)).toBe(finished.weightsDigest);
    if (undisturbed !== null) expect(finished.weightsDigest).toBe(undisturbed.result.weightsDigest);
  }
  expect(kills).toBe(killsCount);
});

interface Case {
  readonly name: string;
  readonly killsCount: number;
  readonly spec: { readonly stop: { readonly rounds?: number } };
  readonly isPrivate?: boolean;
  readonly isAsynchronous?: boolean;
}

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
