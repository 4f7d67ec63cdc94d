import { inspect } from "node:util";
import { expect, test } from "vitest";
import { memoryStore } from "../../../src/storage/memory.ts";
import type { LocalStepsPlan } from "../../../src/strategies/local-steps/state.ts";
import { localSteps } from "../../../src/strategies/local-steps/strategy.ts";
import { type LocalStepsTask, takeLocalSteps } from "../../../src/tasks/local-steps.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import { fixedPointStep } from "../../../src/tasks/secure-local-steps.ts";
import { toPacket } from "../../../src/wire/packet.ts";
import { found, type Needle, needle, telling } from "../../privacy/needles.ts";
import { virtualRun } from "../../run/virtual-run.ts";
import { always, problem, secureScene, shards } from "./scene.ts";

/** A slot's change and loss, as they are, by its part, and in whole steps. */
function needlesOf(task: WorkerTask, { parts }: LocalStepsPlan): Needle[] {
  const asked = { momentum: 0, ...task } as LocalStepsTask;
  const { change, loss } = takeLocalSteps(problem, shards[task.slot]!, null, asked);
  return [...change, loss].filter(telling).flatMap((value) => {
    const counted = parts[task.slot]! * value;
    const steps = BigInt(Math.round(counted / fixedPointStep));
    const words = Buffer.from(BigInt64Array.of(steps).buffer);
    return [
      needle("a slot's number", value),
      needle("a slot's number, by its part", counted),
      { what: "a slot's number in steps", forms: [words] },
    ];
  });
}

/** What the orchestrator sees: tasks, replies, states, events, and the store but its secrets. */
async function scan(isSecure: boolean): Promise<string[]> {
  const store = memoryStore();
  const { plan: secure, perform } = secureScene({ roundsMax: 3 }, always(store));
  const plan = isSecure ? secure : { ...secure, secure: null };
  const needles: Needle[] = [];
  const seen: [string, Uint8Array][] = [];
  const end = await virtualRun(localSteps(plan), {
    async perform(task) {
      if (task.operation.endsWith("local-steps")) needles.push(...needlesOf(task, plan));
      const reply = await perform(task);
      seen.push(["a task", toPacket(task)], ["a reply", toPacket(reply)]);
      seen.push(["a reply", Buffer.from(inspect(reply, { maxArrayLength: null }))]);
      return reply;
    },
  });
  for (const { state } of end.saved) seen.push(["a checkpoint", toPacket(state)]);
  seen.push(["events", Buffer.from(JSON.stringify(end.events))]);
  for (const key of await store.list("runs/")) seen.push([key, (await store.read(key))!]);
  expect(needles.length).toBeGreaterThan(3 * 3 * 5 * 6);
  return seen.flatMap(([place, bytes]) => found(needles, place, bytes));
}

test("no slot's change and no slot's loss stands in what the orchestrator sees", async () => {
  expect(await scan(true)).toEqual([]);
});

test("both stand in replies where changes are told one by one: they would be found", async () => {
  const leaks = await scan(false);
  expect(leaks.length).toBeGreaterThan(50);
  expect(leaks.every((leak) => leak.includes("in a reply"))).toBe(true);
});
