import { describe, expect, test } from "vitest";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { type Adjacency, budget, clip, recordLines, workers, world } from "./neighbour-worlds.ts";

/**
 * Neighbours are defined on the data set, so every step before the noise must be stable under one
 * record: each published sum, noise left out, moves by at most what the accountant counts, in at
 * most as many slots as it counts. Tried for every record of a small set.
 */
const records = 48;
const lines = recordLines(records);
/** What another record may be: unlike all others, or of a class that nobody stated. */
const strangers = { replace: "9,-9,1", zero: "9,-9,neither" };

interface Moved {
  readonly total: number;
  readonly slot: number;
  readonly slots: number;
}

type Change = "replace" | "zero" | "remove";
const known = new Map<string, Promise<Moved>>();

/** The most that any record moves the total by, and the most slots that any moves. */
function moved(change: Change, test: number, adjacency: Adjacency = "replace-one") {
  const name = [change, test, adjacency].join();
  const most = known.get(name) ?? movedBy(change, test, adjacency);
  known.set(name, most);
  return most;
}

async function movedBy(change: Change, test: number, adjacency: Adjacency): Promise<Moved> {
  const here = await world(lines, test, adjacency);
  const most = { total: 0, slot: 0, slots: 0 };
  for (let record = 0; record < records; record++) {
    const others = lines.toSpliced(record, 1, ...(change === "remove" ? [] : [strangers[change]]));
    const there = await world(others, test, adjacency);
    const by = here.slots.map((sum, slot) => apart(sum, there.slots[slot]!));
    most.total = Math.max(most.total, apart(here.total, there.total));
    most.slot = Math.max(most.slot, ...by);
    most.slots = Math.max(most.slots, by.filter((distance) => distance > rounding).length);
  }
  return most;
}

const rounding = 1e-12;

function apart(a: Float64Array, b: Float64Array): number {
  return Math.hypot(...a.map((value, j) => value - b[j]!));
}

describe("a record that is replaced keeps its place", () => {
  test.each([0, 0.25])(
    "a share of %d kept for testing: one slot moves, by twice the clip",
    async (share) => {
      const most = await moved("replace", share);
      expect(most.slots).toBe(1);
      expect(most.slot).toBeLessThanOrEqual(2 * clip + rounding);
      expect(most.slot).toBeGreaterThan(clip);
      expect(most.total).toBeLessThanOrEqual(2 * clip + rounding);
    },
  );
});

test("a record of a class that nobody stated counts nothing, in its place", async () => {
  const most = await moved("zero", 0.25);
  expect(most.slots).toBe(1);
  expect(most.slot).toBeLessThanOrEqual(clip + rounding);
  expect(most.total).toBeGreaterThan(0.8 * clip);
});

describe("a record that is removed, where each decides by itself where it goes", () => {
  test.each([0, 0.25])(
    "a share of %d kept for testing: one slot moves, by the clip",
    async (share) => {
      const most = await moved("remove", share, "add-remove");
      expect(most.slots).toBe(1);
      expect(most.slot).toBeLessThanOrEqual(clip + rounding);
      expect(most.total).toBeLessThanOrEqual(clip + rounding);
      expect(most.total).toBeGreaterThan(0.8 * clip);
    },
  );

  test("a replaced one would leave one slot and enter another: two move", async () => {
    const most = await moved("replace", 0, "add-remove");
    expect(most.slots).toBe(2);
    expect(most.total).toBeLessThanOrEqual(2 * clip + rounding);
  });
});

describe("a record that is removed moves everybody, where places decide", () => {
  test("but not the sum over all rows of all slots, which moves by the clip", async () => {
    const most = await moved("remove", 0);
    expect(most.total).toBeLessThanOrEqual(clip + rounding);
    expect(most.total).toBeGreaterThan(0.8 * clip);
  });

  test("a share kept for testing: the total tells it by several times the clip", async () => {
    expect((await moved("remove", 0.25)).total).toBeGreaterThan(4 * clip);
  });

  test("slots by themselves, of workers, of nodes or of a quorum, tell it as loudly", async () => {
    const most = await moved("remove", 0);
    expect(most.slots).toBe(workers);
    expect(most.slot).toBeGreaterThan(3 * clip);
  });
});

describe("under add-remove what would move everybody is refused, with the way out", () => {
  const privacy = { ...budget, adjacency: "add-remove", divisor: records };
  const data = { source: "rows.csv", target: "y", standardize: false, classes: [0, 1] };
  const base = {
    problem: "logistic",
    data: { ...data, membership: "places" },
    workers,
    wait: "all",
    strategy: "dp-sgd",
    privacy,
  };
  const refused: [object, RegExp, RegExp][] = [
    [
      { data: { ...base.data, test: 0.25 } },
      /data\.test: 0\.25, under privacy\.adjacency: add-remove/,
      /zero-out.*file of test rows/,
    ],
    [
      { strategy: { type: "dp-sgd", noise: "workers" } },
      /strategy\.noise: workers, under/,
      /zero-out.*aggregator/,
    ],
    [{ wait: { fastest: 3 } }, /wait: fastest 3 of 4, under/, /zero-out.*wait: all/],
    [{ wait: { deadline: "1s", atLeast: 3 } }, /wait: .*, under/, /zero-out.*wait: all/],
    [{ wait: { speculate: { quorum: { fastest: 3 } } } }, /wait: .*, under/, /wait: all/],
  ];
  const gossip = { strategy: "gossip" };

  test.each(refused)("%j", (change, message, hint) => {
    const attempt = () => resolveMembers(resolveSpec({ ...base, ...change }));
    expect(attempt).toThrow(
      expect.objectContaining({
        code: "not-private",
        kind: "input",
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      }),
    );
  });

  test("not so where each record decides by itself, but for gossip", () => {
    for (const [change] of refused) {
      const { data: changed = {} } = change as { data?: object };
      const own = { ...base, ...change, data: { ...data, ...changed, membership: undefined } };
      const { data: resolved } = resolveSpec(own);
      expect(resolved.membership).toBe("records");
      resolveMembers(resolveSpec(own));
    }
    const nodes = () => resolveMembers(resolveSpec({ ...base, ...gossip, data }));
    expect(nodes).toThrow(/add-remove for records/);
  });

  test("records decide by themselves under no other adjacency, and in no other run", () => {
    const byRecord = { ...base, data: { ...data, membership: "records" } };
    for (const change of [
      { privacy: { ...privacy, adjacency: "zero-out" } },
      { privacy: { ...privacy, adjacency: "replace-one" } },
      { privacy: undefined, strategy: "rounds", encoding: "uncoded" },
    ])
      expect(() => resolveMembers(resolveSpec({ ...byRecord, ...change }))).toThrow(
        /data\.membership: records/,
      );
  });

  test("the same where everybody keeps a place is not, nor what heeds all rows alike", () => {
    for (const adjacency of ["zero-out", "replace-one"])
      for (const change of [...refused.map(([one]) => one), gossip])
        resolveMembers(resolveSpec({ ...base, ...change, privacy: { ...privacy, adjacency } }));
    resolveMembers(resolveSpec(base));
    resolveMembers(resolveSpec({ ...base, wait: { fastest: workers } }));
    resolveMembers(resolveSpec({ ...base, data: { ...base.data, test: "held-out.csv" } }));
    resolveMembers(resolveSpec({ ...base, wait: { speculate: {} } }));
  });
});
