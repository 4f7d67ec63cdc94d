import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { lambdaCompute } from "../../src/compute/lambda.ts";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { threadsCompute } from "../../src/compute/threads.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { type Compute, noUsage } from "../../src/ports/compute.ts";
import { simulatedCompute } from "../../src/simulation/simulated-compute.ts";
import { virtualClock } from "../../src/simulation/virtual-clock.ts";
import {
  type ComputeUnderTest,
  type ContractReply,
  type ContractTask,
  performContractTask,
  testCompute,
} from "../../src/testing/compute.ts";
import { noFault } from "../../src/weather/fault-decision.ts";
import { inlineCompute } from "../doubles/inline-compute.ts";
import { temporaryFolder } from "../emulator/s3-listener.ts";

const folder = temporaryFolder();
const emulator = await startEmulator({
  home: folder.path,
  functions: {
    worker: {
      directory: fileURLToPath(new URL("../fixtures/lambda", import.meta.url)),
      handler: "contract.handler",
      memoryMb: 256,
      timeoutMs: 60_000,
      tenancy: "PER_TENANT",
    },
  },
});
const client = lambdaClient(accessTo(emulator.environment).lambda);
afterAll(async () => {
  client.destroy();
  await emulator.close();
  folder.remove();
});

type Opened = ReturnType<ComputeUnderTest["open"]>;

const lambda = (streamed: boolean) => (): Opened => ({
  compute: lambdaCompute({ functionName: "worker", run: "contract", client, streamed }),
});

/** One clock for all of its opened computes, so that time passes for those that were closed. */
const clock = virtualClock();
const simulated = (): Opened => ({
  clock,
  compute: simulatedCompute({
    clock,
    perform: performContractTask,
    workMs: () => 10,
    fateOf: () => noFault,
    bytesDown: () => 1,
    bytesUp: () => 1,
  }),
});

const entry = new URL("../fixtures/compute/contract-thread.ts", import.meta.url);

const computes: Readonly<Record<string, () => Opened>> = {
  threads: () => ({ compute: threadsCompute({ entry, data: null, threads: 2 }) }),
  lambda: lambda(false),
  "lambda streamed": lambda(true),
  simulated,
  inline: () => ({ compute: inlineCompute(performContractTask) }),
};

for (const [name, open] of Object.entries(computes))
  testCompute({ name, open }, { describe, test });

type Broken = Compute<ContractTask, ContractReply>;

/** A compute that breaks one law. */
const broken: readonly [law: string, compute: (own: Broken) => Broken][] = [
  [
    "delivers to each task",
    (own) => ({ ...own, start: (task, deliver) => own.start({ ...task, id: "other" }, deliver) }),
  ],
  [
    "delivers nothing before start",
    (own) => ({
      ...own,
      start: (task, deliver) =>
        deliver({ kind: "done", result: performContractTask(task) }, noUsage),
    }),
  ],
  [
    "delivers a failed task as lost",
    (own) => ({ ...own, start: ({ fails: _, ...task }, deliver) => own.start(task, deliver) }),
  ],
  [
    "says what each task used",
    (own) => ({
      ...own,
      start: (task, deliver) =>
        own.start(task, (outcome, usage) => deliver(outcome, { ...usage, costUsd: Number.NaN })),
    }),
  ],
  ["delivers nothing any more", (own) => ({ ...own, close: async () => {} })],
];

test.each(broken)("a compute that breaks a law is caught: %s", async (law, from) => {
  const caught: string[] = [];
  const tests: [string, () => Promise<void>][] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    test: (title: string, body: () => Promise<void>) => tests.push([title, body]),
  };
  const open = () => ({ compute: from(inlineCompute(performContractTask)) });
  testCompute({ name: "broken", open }, runner);
  for (const [title, body] of tests) await body().catch(() => caught.push(title));
  expect(
    caught.some((title) => title.startsWith(law)),
    caught.join("\n"),
  ).toBe(true);
});
