import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Strategy } from "../../src/engine/strategy.ts";
import type { ObjectRef } from "../../src/ports/object-ref.ts";
import { graph } from "../../src/quorum/graph.ts";
import {
  beforeStep,
  type GraphNode,
  graphIndex,
  type NodePlace,
  nodeObjects,
  type Traversing,
} from "../../src/quorum/graph-nodes.ts";
import type { WaitRule } from "../../src/quorum/wait-policies/policy.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { noFault } from "../../src/weather/fault-decision.ts";
import { withObjects } from "../../src/worker/objects.ts";
import { lawful } from "../engine/lawful.ts";
import { fatesOf, losing, twice, virtualRun } from "../run/virtual-run.ts";

type Vector = Float64Array<ArrayBuffer>;

interface SumTask extends NodePlace {
  readonly weights?: Vector;
  readonly parts?: readonly Vector[];
}
interface SumReply {
  readonly sum: Vector | ObjectRef;
}
interface SumState extends Traversing<SumReply> {
  readonly weights: Vector;
}

const length = 5;
const steps = 3;
const lateMs = 500;

/**
 * Descent by a reduction tree: every slot computes a part, and nodes combine the parts of `fanIn`
 * others, by reference, until one is left, which the orchestrator reads.
 */
function reduction(workers: number, fanIn: number, rule?: WaitRule) {
  const leaves = Array.from({ length: workers }, (_, slot) => slot);
  const nodes: GraphNode[] = [{ key: "parts", slots: leaves, after: [], ...(rule && { rule }) }];
  /** Of a combine node: which of the nodes below, or of the parts that came. */
  const below = new Map<string, readonly string[]>();
  let level = Array.from({ length: Math.ceil(workers / fanIn) }, (_, i) => `combine-0-${i}`);
  for (const [i, key] of level.entries()) nodes.push({ key, slots: [i], after: ["parts"] });
  for (let height = 1; level.length > 1; height++) {
    const count = Math.ceil(level.length / fanIn);
    const keys = Array.from({ length: count }, (_, i) => `combine-${height}-${i}`);
    for (const [i, key] of keys.entries()) {
      const after = level.slice(i * fanIn, (i + 1) * fanIn);
      below.set(key, after);
      nodes.push({ key, slots: [i], after });
    }
    level = keys;
  }
  const root = level[0]!;
  const strategy: Strategy<SumState, SumTask, SumReply> = graph<SumState, SumTask, SumReply>({
    patienceMs: 3_600_000,
    start: () => ({ ...beforeStep, finished: false, step: 0, weights: new Float64Array(length) }),
    nodes: () => nodes,
    task(state, place, outputs) {
      const keep = place.node === root ? [] : ["sum"];
      if (place.node === "parts")
        return { ...place, weights: state.weights, objects: nodeObjects(place, {}, keep) };
      const refs = (key: string) => outputs(key).map(({ sum }) => sum as ObjectRef);
      const i = Number(place.node.split("-")[2]);
      const of = below.get(place.node);
      const parts = of?.flatMap(refs) ?? refs("parts").slice(i * fanIn, (i + 1) * fanIn);
      return { ...place, objects: nodeObjects(place, { parts }, keep) };
    },
    validate: () => null,
    finish(state, outputs) {
      const sum = outputs(root)[0]!.sum as Vector;
      const weights = state.weights.map((value, i) => value - 0.1 * sum[i]!);
      const step = state.step + 1;
      return { state: { ...beforeStep, finished: step === steps, step, weights }, durable: true };
    },
  });
  return strategy;
}

/** A slot's own part of the gradient. */
function part(slot: number, weights: Vector): Vector {
  const random = randomFrom(`part-${slot}`);
  return weights.map((value) => value * random.uniform() + random.normal());
}

function added(parts: readonly Vector[]): Vector {
  return parts.reduce((sum, one) => sum.map((v, i) => v + one[i]!), new Float64Array(length));
}

function performer() {
  const work = withObjects(memoryStore(), ({ task }: { run: string; task: SumTask }): SumReply => {
    return { sum: task.parts ? added(task.parts) : part(task.slot, task.weights!) };
  });
  return (task: SumTask) => work({ run: "r", task });
}

/** What the tree comes to, written out: sums of `fanIn`, and sums of those. */
function byHand(slots: readonly number[], fanIn: number): Vector {
  let weights: Vector = new Float64Array(length);
  for (let step = 0; step < steps; step++) {
    let level = slots.map((slot) => part(slot, weights));
    do {
      const next: Vector[] = [];
      for (let i = 0; i < level.length; i += fanIn) next.push(added(level.slice(i, i + fanIn)));
      level = next;
    } while (level.length > 1);
    weights = weights.map((value, i) => value - 0.1 * level[0]![i]!);
  }
  return weights;
}

describe("a reduction tree as a graph", () => {
  const sky = { model: "late", probability: 0.3, delayMs: 50, failures: 0.1, hangs: 0.01 };
  it.each([
    ["of nine by three", 9, 3, {}],
    ["of seven by two in bad weather", 7, 2, { fateOf: fatesOf(sky) }],
    ["of sixteen by four, a fifth of the replies lost", 16, 4, { around: losing(0.2) }],
    ["of seven by two, every reply repeated", 7, 2, { around: twice(13), fateOf: fatesOf(sky) }],
  ] as const)("%s adds up to the bit", async (_how, workers, fanIn, weather) => {
    const end = await virtualRun(lawful(reduction(workers, fanIn)), {
      perform: performer(),
      ...weather,
    });
    expect(end.stop).toEqual({ kind: "done" });
    const slots = Array.from({ length: workers }, (_, slot) => slot);
    expect(end.state.weights).toEqual(byHand(slots, fanIn));
    const rest = await virtualRun(lawful(reduction(workers, fanIn)), {
      perform: performer(),
      from: end.saved[0]!,
    });
    expect(rest.state.weights).toEqual(end.state.weights);
  });

  it("waits for k of n parts, and leaves the late ones out", async () => {
    const rule = { needed: 4, enough: 4, deadlineMs: Number.POSITIVE_INFINITY };
    const late = (task: { node: string; slot: number }) =>
      task.node === "parts" && [1, 4].includes(task.slot) ? lateMs : 0;
    const end = await virtualRun(lawful(reduction(6, 2, rule)), {
      perform: performer(),
      fateOf: (task) => ({ ...noFault, delayMs: late(task) }),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.weights).toEqual(byHand([0, 2, 3, 5], 2));
    // Who waited for them would take as long in every step.
    expect(end.elapsedMs).toBeLessThan(steps * lateMs);
  });

  it("gives up on a node that stays silent, and says which", async () => {
    const end = await virtualRun(lawful(reduction(4, 2)), {
      perform: performer(),
      around: (inner) => ({
        close: () => inner.close(),
        start: (task, deliver) =>
          task.node === "combine-0-1"
            ? inner.start(task, (_, usage) => deliver({ kind: "lost", reason: "no luck" }, usage))
            : inner.start(task, deliver),
      }),
    });
    expect(end.stop).toMatchObject({ kind: "unfinished" });
    expect((end.stop as { reason: string }).reason).toMatch(
      /^combine-0-1: 0 of the 1 replies needed came.*\(last: no luck\)$/,
    );
  });
});

it.each([
  ["a circle", [node("a", ["b"]), node("b", ["a"])], "a waits in no circle"],
  ["a node that is not there", [node("a", ["c"])], "a comes after nodes of its step, not c"],
  ["a name twice", [node("a", []), node("a", [])], "a is the name of one node"],
  ["a slot twice", [{ ...node("a", []), slots: [1, 1] }], "a has its own slots"],
])("refuses %s", (_what, nodes, promise) => {
  expect(() => graphIndex(nodes)).toThrow(`broken promise: ${promise}`);
});

function node(key: string, after: readonly string[]): GraphNode {
  return { key, slots: [0], after };
}
