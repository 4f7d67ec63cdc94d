import assert from "node:assert/strict";
import { randomFrom } from "../core/random.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compute, Outcome, Slotted, Usage } from "../ports/compute.ts";
import { above, atLeast, type Laws, type TestRunner, testLaws } from "./laws.ts";

/** A task of the contract: numbers to answer, or a failure. */
export interface ContractTask extends Slotted {
  readonly values: Float32Array;
  readonly fails?: true;
}

export interface ContractReply {
  readonly id: string;
  readonly slot: number;
  /** Twice the task's numbers. */
  readonly values: Float32Array;
}

/** What a worker makes of a task. To be put where the compute under test does its work. */
export function performContractTask({ id, slot, values, fails }: ContractTask): ContractReply {
  if (fails) throw new Error(`task ${id} was to fail`);
  return { id, slot, values: values.map((value) => 2 * value) };
}

/** Somebody's place to compute, whose workers answer by `performContractTask`. */
export interface ComputeUnderTest {
  readonly name: string;
  /** Opened for each test, and closed by it; with a clock where its time is not the real one. */
  open(): {
    readonly compute: Compute<ContractTask, ContractReply>;
    readonly clock?: Pick<Clock, "rest">;
  };
}

/**
 * The contract of a compute, as tests: it answers every task once at least, a failed task is lost,
 * nothing is delivered before `start` returns or after it is closed.
 */
export function testCompute({ name, open }: ComputeUnderTest, runner: TestRunner): void {
  testLaws(runner, `${name} compute`, laws, open);
}

type Open = ComputeUnderTest["open"];

interface Delivery {
  readonly outcome: Outcome<ContractReply>;
  readonly usage: Usage;
}

const laws: Laws<Open> = {
  async "delivers to each task what its worker makes of it, to the last bit"(open) {
    const opened = open();
    const tasks = Array.from({ length: 8 }, (_, i) => taskOf(`round-1/slot-${i}`, i % 4));
    const deliveries = await deliveriesOf(opened, tasks);
    for (const [i, { outcome }] of deliveries.entries())
      assert.deepEqual(outcome, { kind: "done", result: performContractTask(tasks[i]!) });
    await opened.compute.close();
  },

  async "takes numbers as they are: zero with its sign, none, the largest and the smallest"(open) {
    const opened = open();
    const values = Float32Array.of(-0, Number.NaN, -Infinity, 1e38, 2 ** -149);
    const task = { ...taskOf("numbers", 0), values };
    const [delivery] = await deliveriesOf(opened, [task]);
    assert.deepEqual(delivery!.outcome, { kind: "done", result: performContractTask(task) });
    await opened.compute.close();
  },

  async "delivers nothing before start has returned"(open) {
    const opened = open();
    let hasReturned = false;
    const early: boolean[] = [];
    await deliveriesOf(opened, [taskOf("a", 0), taskOf("b", 1)], {
      started: () => (hasReturned = true),
      delivered: () => early.push(!hasReturned),
    });
    assert.deepEqual(new Set(early), new Set([false]));
    await opened.compute.close();
  },

  async "delivers a failed task as lost, with a reason, and answers the slot's next one"(open) {
    const opened = open();
    const [failed] = await deliveriesOf(opened, [{ ...taskOf("fails", 2), fails: true }]);
    assert.equal(failed!.outcome.kind, "lost");
    if (failed!.outcome.kind === "lost") above(failed!.outcome.reason.length, 0, "the reason");
    const [next] = await deliveriesOf(opened, [taskOf("next", 2)]);
    assert.equal(next!.outcome.kind, "done");
    await opened.compute.close();
  },

  async "says what each task used, in numbers that are not negative"(open) {
    const opened = open();
    const tasks = [taskOf("a", 0), { ...taskOf("b", 1), fails: true } as const];
    for (const { usage } of await deliveriesOf(opened, tasks)) {
      const { billedMs, bytesDown, bytesUp, costUsd, coldStart } = usage;
      for (const [name, value] of Object.entries({ billedMs, bytesDown, bytesUp, costUsd })) {
        assert(Number.isFinite(value), `${name} is ${value}`);
        atLeast(value, 0, name);
      }
      assert.equal(typeof coldStart, "boolean");
    }
    await opened.compute.close();
  },

  async "starts many at once as one after another, where it can"(open) {
    const opened = open();
    const tasks = Array.from({ length: 4 }, (_, i) => taskOf(`many/${i}`, i));
    if (opened.compute.startAll !== undefined)
      for (const [i, { outcome }] of (await deliveriesAtOnce(opened, tasks)).entries())
        assert.deepEqual(outcome, { kind: "done", result: performContractTask(tasks[i]!) });
    await opened.compute.close();
  },

  async "delivers nothing any more once it is closed"(open) {
    const { compute } = open();
    let isClosed = false;
    let late = 0;
    for (const task of [
      taskOf("a", 0),
      taskOf("b", 1),
      { ...taskOf("c", 2), fails: true } as const,
    ])
      compute.start(task, () => (late += isClosed ? 1 : 0));
    await compute.close();
    isClosed = true;
    // As long as another one takes to answer.
    const other = open();
    await deliveriesOf(other, [taskOf("d", 0), taskOf("e", 1)]);
    await other.compute.close();
    assert.equal(late, 0);
  },
};

function taskOf(id: string, slot: number): ContractTask {
  const random = randomFrom(id);
  return { id, slot, values: Float32Array.from({ length: 5 }, () => random.normal()) };
}

/** Starts tasks one after another; the first delivery of each, once all are there. */
function deliveriesOf(
  opened: ReturnType<Open>,
  tasks: readonly ContractTask[],
  hear: { started?(): void; delivered?(): void } = {},
): Promise<Delivery[]> {
  return gathered(opened, tasks.length, (deliver) => {
    for (const [i, task] of tasks.entries())
      opened.compute.start(task, (outcome, usage) => {
        hear.delivered?.();
        deliver(i, { outcome, usage });
      });
    hear.started?.();
  });
}

function deliveriesAtOnce(
  opened: ReturnType<Open>,
  tasks: readonly ContractTask[],
): Promise<Delivery[]> {
  return gathered(opened, tasks.length, (deliver) =>
    opened.compute.startAll!(tasks, {
      deliver: (i, outcome, usage) => deliver(i, { outcome, usage }),
      isWanted: () => true,
    }),
  );
}

async function gathered(
  { clock }: ReturnType<Open>,
  count: number,
  start: (deliver: (index: number, delivery: Delivery) => void) => void,
): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  let wake = () => {};
  start((index, delivery) => {
    deliveries[index] ??= delivery;
    wake();
  });
  while (Object.keys(deliveries).length < count) {
    const woken = new Promise<void>((resolve) => (wake = resolve));
    await (clock === undefined ? woken : clock.rest(woken));
  }
  return deliveries;
}
