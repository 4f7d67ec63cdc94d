import { describe, expect, it } from "vitest";
import type { Strategy } from "../../src/engine/strategy.ts";
import type { Wait } from "../../src/quorum/wait-policies/wait.ts";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import { type Setting, trial } from "../run/fixtures.ts";
import { fatesOf, losing, twice, virtualRun } from "../run/virtual-run.ts";
import { lawful } from "./lawful.ts";

const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.1, hangs: 0.02 };
const settings: [string, Setting][] = [];
for (const wait of ["all", { fastest: 4 }, { deadline: 40, atLeast: 3 }] as Wait[]) {
  for (const optimizer of [{ type: "l-bfgs" }, { type: "gradient-descent" }]) {
    for (const encoding of [{ type: "uncoded" }, { type: "replication" }, { type: "hadamard" }]) {
      const name = `${JSON.stringify(wait)}, ${optimizer.type}, ${encoding.type}`;
      settings.push([name, { workers: 6, wait, optimizer, encoding, roundsMax: 8 }]);
    }
  }
}
const logistic: Setting = {
  workers: 6,
  wait: { fastest: 4 },
  problem: { type: "logistic" },
  roundsMax: 8,
};
settings.push(["logistic with a search over trial steps", logistic]);

describe("the rounds strategy keeps the laws in stormy weather", () => {
  it.each(settings)("%s", async (name, setting) => {
    const { plan, perform } = trial(setting);
    const end = await virtualRun(lawful(rounds(plan)), {
      perform,
      fateOf: fatesOf(stormy, name),
      around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.round).toBe(8);
    const half = end.saved[3]!;
    const rest = await virtualRun(lawful(rounds(plan)), {
      perform,
      fateOf: fatesOf(stormy, name),
      from: half,
    });
    expect(rest.state.round).toBe(8);
  });
});

interface Count {
  readonly count: number;
  readonly list: readonly number[];
}

interface Bare {
  readonly id: string;
  readonly slot: number;
}

/** Asks one question five times. */
const counting: Strategy<Count, Bare, number> = {
  start: () => ({ count: 0, list: [] }),
  wanted: ({ count }) => (count < 5 ? [{ id: `question-${count}`, slot: 0 }] : []),
  receive: (state, arrival) =>
    arrival.kind === "tick" || arrival.outcome.kind === "lost"
      ? { state }
      : { state: { count: state.count + 1, list: [...state.list, arrival.outcome.result] } },
};

describe("the watch over strategies", () => {
  const run = (strategy: Strategy<Count, Bare, number>) =>
    virtualRun(lawful(strategy), { perform: () => 1 });

  it("lets a lawful one pass", async () => {
    expect((await run(counting)).state.count).toBe(5);
  });

  it("sees hidden state", async () => {
    let hidden = 0;
    const secretive: typeof counting = {
      ...counting,
      receive: (state) => ({ state: { ...state, count: state.count + 1, list: [hidden++] } }),
    };
    await expect(run(secretive)).rejects.toThrow("receive twice");
  });

  it("sees a state that is changed in place", async () => {
    const meddling: typeof counting = {
      ...counting,
      receive(state, arrival, atMs) {
        (state.list as number[]).push(1);
        return counting.receive(state, arrival, atMs);
      },
    };
    await expect(run(meddling)).rejects.toThrow(/not extensible|changed the state/);
  });

  it("sees a state that is no checkpoint", async () => {
    const unplain: typeof counting = {
      ...counting,
      receive: (state) => ({ state: { ...state, list: new Set([1]) as unknown as number[] } }),
    };
    await expect(run(unplain)).rejects.toThrow("the state as a checkpoint");
  });

  it("sees one name for two questions", async () => {
    const careless: typeof counting = {
      ...counting,
      wanted: ({ count }) => (count < 5 ? [{ id: "question", slot: count }] : []),
    };
    await expect(run(careless)).rejects.toThrow("asks for other things");
  });

  it("sees a reply to what is not wanted", () => {
    const watched = lawful(counting);
    const task = { id: "question-3", slot: 0 };
    const outcome = { kind: "done", result: 1 } as const;
    expect(() => watched.receive(watched.start(), { kind: "reply", task, outcome }, 0)).toThrow(
      "received but is not wanted",
    );
  });
});
