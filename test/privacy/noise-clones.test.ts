import { expect, test } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { gridFor } from "../../src/privacy/mechanisms/grid-noise.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { nodeMessageKey } from "../../src/store-layout.ts";
import { gossip } from "../../src/strategies/gossip/strategy.ts";
import type { ConsensusStepTask } from "../../src/tasks/consensus-step.ts";
import { mixed, nextState } from "../../src/tasks/consensus-update.ts";
import { virtualRun } from "../run/virtual-run.ts";
import { performed, problem, sceneOf } from "../strategies/gossip/scene.ts";

type Vector = Float64Array<ArrayBuffer>;

/**
 * 23: every performance begins from nothing, as a cold start does, or in this process's memory, as
 * a warm one; each is done twice at once, as two clones of one memory image would.
 */
test("23: 1000 starts, clones included: no noise is ever drawn twice", async () => {
  const seen = new Map<string, string>();
  let starts = 0;
  for (let index = 0; index < 17; index++) {
    const store = memoryStore();
    const { plan, shards, run } = sceneOf({ store, run: `run-${index}` });
    const tasks: ConsensusStepTask[] = [];
    await virtualRun(gossip(plan), {
      async perform(given) {
        const task = given as ConsensusStepTask;
        tasks.push(task);
        starts += 2;
        const [one, clone] = await Promise.all(
          [0, 1].map(() => performed(store, run, shards, task)),
        );
        expect(clone!.values).toEqual(one!.values);
        return one!;
      },
    });
    const messageOf = async (round: number, node: number): Promise<Vector> =>
      new Float64Array(
        new Uint8Array((await store.read(nodeMessageKey(run, round, node)))!).buffer,
        0,
        3,
      );
    for (const { round, slot, from, mixing, rule, noise } of tasks) {
      const heard = round === 1 ? null : [...from].map((node) => messageOf(round - 1, node));
      const z = heard === null ? new Float64Array(3) : mixed(mixing, await Promise.all(heard));
      const x = nextState(problem, shards[slot]!, z, rule);
      const { step } = gridFor(noise.noise);
      const y = await messageOf(round, slot);
      const drawn = y.map((value, j) => value / step - Math.round(x[j]! / step));
      const place = `run ${index}, round ${round}, node ${slot}`;
      expect(seen.get(drawn.join())).toBeUndefined();
      seen.set(drawn.join(), place);
    }
  }
  expect(starts).toBeGreaterThanOrEqual(1000);
  expect(seen.size).toBe(17 * 6 * 5);
});

test("a secret is drawn once, by whoever is first, and never while nothing is asked", async () => {
  const secretOf = async () => {
    const inner = memoryStore();
    const written: string[] = [];
    const note = (key: string, bytes: Uint8Array) => {
      if (key.startsWith("secrets/")) written.push(`${key} ${Buffer.from(bytes).toString("hex")}`);
    };
    const store: Store = {
      ...inner,
      async write(key, bytes) {
        await inner.write(key, bytes);
        note(key, bytes);
      },
      async writeOnce(key, bytes) {
        const isFirst = await inner.writeOnce(key, bytes);
        if (isFirst) note(key, bytes);
        return isFirst;
      },
    };
    const { plan, shards, run } = sceneOf({ store });
    const [task] = gossip(plan).wanted(gossip(plan).start());
    expect(written).toEqual([]);
    await Promise.all(Array.from({ length: 10 }, () => performed(store, run, shards, task!)));
    expect(written).toEqual([expect.stringMatching(`^secrets/${run}/node-0 [0-9a-f]{128}$`)]);
    return written[0];
  };
  expect(await secretOf()).not.toBe(await secretOf());
});
