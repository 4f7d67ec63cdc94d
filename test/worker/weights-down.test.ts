import { describe, expect, test } from "vitest";
import { type Compute, noUsage, type Outcome } from "../../src/ports/compute.ts";
import { changingWeightsCompute, withKnownWeights } from "../../src/worker/weights-down.ts";

interface Task {
  readonly id: string;
  readonly slot: number;
  readonly weights: Float32Array<ArrayBuffer>;
}

interface Sent extends Task {
  readonly weightsFrom?: string;
  readonly weightsValues?: Float32Array<ArrayBuffer>;
  readonly weightsDigest?: string;
}

type Reply = { readonly values: Float32Array };
type Worker = (request: { task: object }) => Promise<Reply | object>;

const length = 2_000;
const worker = (): Worker =>
  withKnownWeights(async ({ task }: { task: object }) => ({
    values: (task as Task).weights.map((weight) => 2 * weight),
  }));

/** Environments by slot, which a test replaces, and what was sent to them. */
function place(change: (sent: Sent) => Sent = (sent) => sent) {
  const environments = new Map<number, Worker>();
  const seen: Sent[] = [];
  const held: (() => void)[] = [];
  let isHolding = false;
  const inner: Compute<Task, Reply> = {
    start(task, deliver) {
      const sent = change(task as Sent);
      seen.push(sent);
      const environment = environments.get(task.slot) ?? worker();
      environments.set(task.slot, environment);
      const answered = environment({ task: sent }).then(
        (result): Outcome<Reply> => ({ kind: "done", result: result as Reply }),
        (thrown: Error): Outcome<Reply> => ({ kind: "lost", reason: thrown.message }),
      );
      void answered.then((outcome) => {
        const tell = () => deliver(outcome, { ...noUsage, billedMs: 5 });
        if (isHolding) held.push(tell);
        else tell();
      });
    },
    close: async () => {},
  };
  const compute = changingWeightsCompute(inner);
  const ask = (slot: number, weights: Float32Array<ArrayBuffer>) =>
    new Promise<{ outcome: Outcome<Reply>; billedMs: number }>((resolve) =>
      compute.start({ id: "t", slot, weights }, (outcome, { billedMs }) =>
        resolve({ outcome, billedMs }),
      ),
    );
  const hold = (on: boolean) => {
    isHolding = on;
    if (!on) for (const tell of held.splice(0)) tell();
  };
  return { environments, seen, ask, hold };
}

/** Weights of which 20 are others than in the version before. */
function versions(count: number): Float32Array<ArrayBuffer>[] {
  const all = [Float32Array.from({ length }, (_, i) => i / 7)];
  while (all.length < count) {
    const next = all.at(-1)!.slice();
    for (let i = 0; i < 20; i++) next[(97 * all.length + i) % length]! += 1 / 3;
    all.push(next);
  }
  return all;
}

const doubled = (weights: Float32Array) => ({
  kind: "done",
  result: { values: weights.map((weight) => 2 * weight) },
});
const isWhole = ({ weights }: Sent) => weights !== undefined;

describe("weights go down as what changed since those that a worker has", () => {
  test("and what is computed is the same to the bit; a reply says nothing of it", async () => {
    const { seen, ask } = place();
    for (const weights of versions(5))
      expect((await ask(0, weights)).outcome).toEqual(doubled(weights));
    expect(seen.map(isWhole)).toEqual([true, false, false, false, false]);
    for (const { weightsValues } of seen.slice(1)) expect(weightsValues).toHaveLength(20);
  });

  test("a slot that missed rounds is told all that changed since its own", async () => {
    const { seen, ask } = place();
    const all = versions(4);
    await ask(0, all[0]!);
    await ask(1, all[0]!);
    for (const weights of all.slice(1)) await ask(0, weights);
    expect((await ask(1, all[3]!)).outcome).toEqual(doubled(all[3]!));
    expect(seen.at(-1)!.weightsValues).toHaveLength(60);
  });

  test("a new environment has none, says so, and is sent all: one request more", async () => {
    const { environments, seen, ask } = place();
    const [first, second, third] = versions(3);
    await ask(0, first!);
    environments.set(0, worker());
    expect(await ask(0, second!)).toEqual({ outcome: doubled(second!), billedMs: 10 });
    expect(await ask(0, third!)).toEqual({ outcome: doubled(third!), billedMs: 5 });
    expect(seen.map(isWhole)).toEqual([true, false, true, false]);
  });

  test("an environment with weights of another orchestrator is sent all", async () => {
    const first = place();
    const [early, late] = versions(2);
    await first.ask(0, early!);
    // Begun again, it knows of nobody; and names are its own.
    const again = place();
    again.environments.set(0, first.environments.get(0)!);
    expect((await again.ask(0, late!)).outcome).toEqual(doubled(late!));
    expect(isWhole(again.seen[0]!)).toBe(true);
  });

  test("whoever is busy is sent all, as another environment may answer", async () => {
    const { seen, ask, hold } = place();
    const [first, second, third] = versions(3);
    await ask(0, first!);
    hold(true);
    const open = [ask(0, second!), ask(0, third!)];
    await new Promise((resolve) => setImmediate(resolve));
    hold(false);
    const [a, b] = await Promise.all(open);
    expect([a!.outcome, b!.outcome]).toEqual([doubled(second!), doubled(third!)]);
    expect(seen.map(isWhole)).toEqual([true, false, true]);
  });

  test("what does not come to the weights that were meant is not computed with", async () => {
    const { seen, ask } = place((sent) => {
      if (sent.weightsValues === undefined) return sent;
      return { ...sent, weightsValues: sent.weightsValues.map((value) => value + 1) };
    });
    const [first, second] = versions(2);
    await ask(0, first!);
    expect((await ask(0, second!)).outcome).toEqual(doubled(second!));
    expect(seen.map(isWhole)).toEqual([true, false, true]);
  });

  test("what changed as a whole, or is short, goes as it is", async () => {
    const { seen, ask } = place();
    const [first] = versions(1);
    await ask(0, first!);
    await ask(
      0,
      first!.map((weight) => weight + 1),
    );
    await ask(1, Float32Array.of(1, 2));
    await ask(1, Float32Array.of(1, 3));
    expect(seen.every(isWhole)).toBe(true);
  });

  test("where everything changed time after time, nobody looks any more", async () => {
    const { seen, ask } = place();
    const [first, second] = versions(2);
    for (let round = 0; round < 5; round++)
      await ask(
        0,
        first!.map((weight) => weight + round),
      );
    await ask(0, first!);
    await ask(0, second!);
    expect(seen.every(isWhole)).toBe(true);
  });
});
