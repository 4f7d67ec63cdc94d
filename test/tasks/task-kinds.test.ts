import { expect, test } from "vitest";
import { compressors } from "../../src/compression/registry.ts";
import { randomFrom } from "../../src/core/random.ts";
import type { NoisyAggregateTask } from "../../src/tasks/noisy-aggregate.ts";
import type { WorkerReply } from "../../src/tasks/protocol.ts";
import {
  arrayBytesOf,
  invalidReply,
  replyArrayBytes,
  requestArrays,
  taskEntries,
  taskKinds,
} from "../../src/tasks/registry.ts";
import { type Asked, askedBy, specsOfAllKinds } from "./asked.ts";

/** One task of every kind and every run, the first. */
const all = new Map<string, Asked>();

test.for(Object.entries(specsOfAllKinds))("%s: its tasks and replies", async ([name, spec]) => {
  for (const one of await askedBy(spec)) {
    const { task, reply, facts } = one;
    expect(invalidReply(task, reply, facts)).toBeNull();
    const key = `${name}: ${task.operation}`;
    if (!all.has(key)) all.set(key, one);
  }
});

test("every kind was among them", () => {
  const asked = new Set([...all.values()].map(({ task }) => task.operation));
  expect([...asked].sort()).toEqual(Object.keys(taskKinds).sort());
});

test("a kind's size counts every array that its tasks hold", () => {
  for (const [name, { task }] of all) {
    const bytes = arraysIn(task).map(({ byteLength }) => byteLength);
    expect(requestArrays(task).sort(), name).toEqual(bytes.sort());
  }
});

/** Its own, and those in its lists. */
function arraysIn(value: object): ArrayBufferView[] {
  return Object.values(value).flatMap((one: unknown): ArrayBufferView[] => {
    if (ArrayBuffer.isView(one)) return [one];
    return typeof one === "object" && one !== null ? arraysIn(one) : [];
  });
}

test("what a kind says of a reply's bytes beforehand is what comes", () => {
  for (const [name, { task, reply, facts }] of all) {
    const bytes = replyArrayBytes(task, facts.isQuadratic!);
    if (bytes !== null) expect(bytes, name).toBe(arrayBytesOf(reply));
  }
  const foreseen = [...all.values()].filter(({ task }) => replyArrayBytes(task, true) !== null);
  expect(new Set(foreseen.map(({ task }) => task.operation))).toEqual(
    new Set(["gradient", "batch-gradient", "along", "block", "anytime-gradient"]),
  );
});

test("stored numbers that a task goes through: all of them, or what its batches hold", () => {
  const entries = (key: string) => taskEntries(all.get(key)!.task, 1_000);
  expect(entries("rounds: gradient")).toBe(1_000);
  const local = all.get("local-steps: local-steps")!.task;
  // One batch of `batch` rows with their targets for each of the steps.
  const { rates, batch, shape } = local as unknown as {
    rates: Float64Array;
    batch: number;
    shape: { columns: number };
  };
  expect(entries("local-steps: local-steps")).toBe(
    batch === 0 ? rates.length * 1_000 : rates.length * batch * (shape.columns + 1),
  );
  const { rate } = all.get("noise at workers: clipped-sum")!.task as unknown as { rate: number };
  expect(entries("noise at workers: clipped-sum")).toBe(rate * 1_000);
  // Of three slots two streams of masks each, whatever slots store.
  const masks = all.get("local-steps-secure: mask-sum")!.task;
  const { length } = masks as unknown as { length: number };
  expect(entries("local-steps-secure: mask-sum")).toBe(3 * 2 * 2 * length);
  expect(entries("local-steps-secure: committee-key")).toBe(0);
  // Every slot's sum, whatever slots store.
  const total = all.get("dp-sgd: noised-sum")!.task as NoisyAggregateTask;
  expect(entries("dp-sgd: noised-sum")).toBe(4 * total.weights.length);
});

test("a reply of another length, or of numbers that are none, is as good as lost", () => {
  for (const [name, { task, reply, facts }] of all) {
    for (const [what, damaged] of damages(reply, facts.weightsLength!)) {
      const reason = invalidReply(task, damaged, facts);
      expect(reason, `${name}: ${what}`).toMatch(/^its (reply|message) (has|holds|is)/);
    }
  }
});

function sent(vector: Float32Array): Uint8Array<ArrayBuffer> {
  return compressors.create({ type: "none" }).compress(vector, randomFrom(1));
}

function damages(reply: WorkerReply, length: number): [string, WorkerReply][] {
  const { values, payload, ...rest } = reply;
  if (payload !== undefined) {
    const packed = (vector: Float32Array) => ({ ...reply, payload: sent(vector) });
    const none = new Float32Array(length).fill(Number.NaN);
    return [
      ["no payload", { ...rest, values }],
      ["half a payload", { ...reply, payload: payload.slice(0, payload.length / 2) }],
      ["another length", packed(new Float32Array(length + 1))],
      ["no numbers", packed(none)],
    ];
  }
  const longer = [...values, 0];
  const unsound = [...values.slice(1), Number.NaN];
  const like = (numbers: number[]) =>
    values instanceof Float32Array ? Float32Array.from(numbers) : Float64Array.from(numbers);
  const wrong: [string, WorkerReply][] = [["longer", { ...reply, values: like(longer) }]];
  if (values.length > 0) wrong.push(["no numbers", { ...reply, values: like(unsound) }]);
  return wrong;
}
