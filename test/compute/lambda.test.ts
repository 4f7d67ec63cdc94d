import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lambdaCompute } from "../../src/compute/lambda.ts";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import type { Emulator } from "../../src/emulator/users.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import type { Outcome, Usage } from "../../src/ports/compute.ts";
import { fromJson, toJson, toJsonBytes } from "../../src/wire/packet.ts";
import { eventually } from "../eventually.ts";

const directory = fileURLToPath(new URL("../fixtures/lambda", import.meta.url));

const worker = {
  ...{ directory, handler: "packet.handler" },
  ...{ memoryMb: 256, timeoutMs: 60_000, tenancy: "PER_TENANT" as const },
};

interface Task {
  readonly id: string;
  readonly slot: number;
  readonly fail?: boolean;
  readonly cut?: boolean;
  readonly sleepMs?: number;
  readonly print?: string;
}
type Delivery = { outcome: Outcome<{ task: string; tenant: string; run: string }>; usage: Usage };

let home: string;
let emulator: Emulator;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-compute-"));
  emulator = await startEmulator({
    home,
    functions: { worker, hasty: { ...worker, timeoutMs: 500 } },
  });
});
afterAll(async () => {
  await emulator.close();
  await rm(home, { recursive: true, force: true });
});

function computeAt(
  endpoint: string,
  streamed = false,
  functionName = "worker",
  tellsPrinted = false,
) {
  const client = lambdaClient({ ...accessTo(emulator.environment).lambda, endpoint });
  const compute = lambdaCompute<Task, { task: string; tenant: string; run: string }>({
    functionName,
    run: "r1",
    client,
    streamed,
    environmentsPerSlot: 2,
    memoryMb: 256,
    tellsPrinted,
  });
  const ask = (task: Task) =>
    new Promise<Delivery>((resolve) => {
      compute.start(task, (outcome, usage) => resolve({ outcome, usage }));
    });
  return { compute, client, ask };
}

describe.each([false, true])("streamed: %s", (streamed) => {
  test("what a worker printed is told where it may be, the end of it", async () => {
    const slot = streamed ? 21 : 20;
    const { lambda } = emulator.endpoints;
    const open = computeAt(lambda, streamed, "worker", true);
    const print = "one line\nanother <b>line</b>";
    // An environment's output comes by another way than its reply, now and then after it.
    const printed = (task: Omit<Task, "id" | "slot">, wanted: string) =>
      eventually(
        async () => {
          const { usage } = await open.ask({ id: "t/1", slot, ...task });
          return usage.printed?.endsWith(wanted) ?? false;
        },
        `${wanted.slice(0, 20)} is told`,
      );
    await printed({ print }, print);
    await printed({ print: "x".repeat(3_000) }, "x".repeat(1_000));
    const closed = computeAt(lambda, streamed);
    expect((await closed.ask({ id: "t/5", slot, print })).usage.printed).toBeUndefined();
    for (const { compute, client } of [open, closed]) {
      await compute.close();
      client.destroy();
    }
  });

  test("a reply comes from its slot's environment, metered as the platform bills", async () => {
    const { compute, client, ask } = computeAt(emulator.endpoints.lambda, streamed);
    const before = (await emulator.bill()).lambda;
    const slot = streamed ? 11 : 1;
    const first = await ask({ id: "t/1", slot });
    const result = { task: "t/1", tenant: String(slot), run: "r1" };
    expect(first.outcome).toEqual({ kind: "done", result });
    const second = await ask({ id: "t/2", slot });
    expect([first.usage.coldStart, second.usage.coldStart]).toEqual([true, false]);
    expect(first.usage.phases).toEqual({
      initMs: expect.any(Number),
      workerMs: expect.any(Number),
    });
    expect(Object.keys(second.usage.phases!)).toEqual(["workerMs"]);
    expect(second.usage.phases!.workerMs).toBeLessThanOrEqual(second.usage.billedMs);
    const after = (await emulator.bill()).lambda;
    for (const [of, key] of [
      ["billedMs", "billedMs"],
      ["costUsd", "costUsd"],
      ["bytesDown", "bytesIn"],
      ["bytesUp", "bytesOut"],
    ] as const)
      expect(first.usage[of] + second.usage[of]).toBeCloseTo(after[key] - before[key], 9);
    await compute.close();
    client.destroy();
  });

  test("what fails is lost, with a reason in words", async () => {
    const { compute, client, ask } = computeAt(emulator.endpoints.lambda, streamed);
    const hasty = computeAt(emulator.endpoints.lambda, streamed, "hasty");
    const lost = async (task: Omit<Task, "slot">, asked = ask) => {
      const { outcome } = await asked({ ...task, slot: streamed ? 12 : 2 });
      return outcome.kind === "lost" ? outcome.reason : outcome;
    };
    expect(await lost({ id: "a", fail: true })).toMatch(/worker failed: RangeError: no such shard/);
    expect(await lost({ id: "b", cut: true })).toMatch(/reply is damaged/);
    const late = await lost({ id: "c", sleepMs: 50_000 }, hasty.ask);
    expect(late).toMatch(/timed out after 0\.50 seconds/);
    for (const one of [compute, hasty.compute]) await one.close();
    for (const one of [client, hasty.client]) one.destroy();
  });
});

test("a slot that is busy with its bound of tasks loses the next one at once", async () => {
  const { compute, client, ask } = computeAt(emulator.endpoints.lambda);
  const busy = [ask({ id: "a", slot: 3, sleepMs: 900 }), ask({ id: "b", slot: 3, sleepMs: 900 })];
  let ended = 0;
  for (const one of busy) void one.then(() => ended++);
  const { outcome, usage } = await ask({ id: "c", slot: 3 });
  expect(ended).toBe(0);
  expect(outcome).toEqual({ kind: "lost", reason: "slot 3 is still busy with 2 earlier tasks" });
  expect(usage.costUsd).toBe(0);
  for (const { outcome: late } of await Promise.all(busy)) expect(late.kind).toBe("done");
  expect((await ask({ id: "d", slot: 3 })).outcome.kind).toBe("done");
  await compute.close();
  client.destroy();
});

test("no endpoint, a closed compute: lost in words, or not delivered at all", async () => {
  const { compute, client, ask } = computeAt("http://127.0.0.1:9");
  const { outcome } = await ask({ id: "a", slot: 0 });
  expect(outcome).toMatchObject({ kind: "lost", reason: expect.stringContaining("refused") });
  let delivered = 0;
  compute.start({ id: "b", slot: 0 }, () => delivered++);
  await compute.close();
  await new Promise((done) => setImmediate(done));
  expect(delivered).toBe(0);
  client.destroy();
});

test("a task's JSON is the same bytes by both ways of writing it", () => {
  const weights = new Float32Array([1, -2.5, Number.NaN]);
  const value = { run: '{"$tensor":0}', task: { id: "é", weights, again: [weights, weights] } };
  expect(Buffer.from(toJsonBytes(value)).toString("utf8")).toBe(toJson(value));
  expect(fromJson(Buffer.from(toJsonBytes(value)).toString("utf8"))).toEqual(value);
});
