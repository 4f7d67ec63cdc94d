import { describe, expect, it } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { emptySlotMap, type SlotMap, withSlot } from "../../../src/core/slot-map.ts";
import { estimate, varianceOf } from "../../../src/quorum/decode.ts";
import {
  type ArrivalTimes,
  noTimes,
  withArrivalTimes,
} from "../../../src/quorum/wait-policies/arrival-times.ts";
import { gradientSignPolicy } from "../../../src/quorum/wait-policies/gradient-sign.ts";
import type {
  ClosedQuorum,
  ReplyArrival,
  WaitRule,
} from "../../../src/quorum/wait-policies/policy.ts";
import { bestCount } from "../../../src/quorum/wait-policies/throughput.ts";
import { adaptiveSchema } from "../../../src/quorum/wait-policies/wait.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { trial } from "../../run/fixtures.ts";

/** Every way to take `count` of the slots. */
function subsets(slots: readonly number[], count: number): number[][] {
  if (count === 0) return [[]];
  return slots.flatMap((slot, i) =>
    subsets(slots.slice(i + 1), count - 1).map((rest) => [slot, ...rest]),
  );
}

describe("the variance of an estimate", () => {
  it.each(["uncoded", "hadamard"])("is V (1/k - 1/m), over all subsets, %s", (type) => {
    const m = 8;
    const { plan, perform } = trial({ workers: m, rows: 64, encoding: { type } });
    const weights = Float32Array.of(1, -2, 3, 0.5, 1);
    let replies = emptySlotMap<WorkerReply>();
    const slots = Array.from({ length: m }, (_, slot) => slot);
    for (const slot of slots) {
      const task: WorkerTask = { id: "any", slot, round: 0, weights, operation: "gradient" };
      replies = withSlot(replies, slot, perform(task));
    }
    const mean = estimate(plan.shares, replies, slots)!.values;
    const variance = varianceOf(plan.shares, replies, mean);
    const away = (some: readonly number[]) =>
      estimate(plan.shares, replies, some)!.values.reduce(
        (sum, value, j) => sum + (value - mean[j]!) ** 2,
        0,
      );
    for (let k = 1; k <= m; k++) {
      const all = subsets(slots, k);
      const measured = all.reduce((sum, some) => sum + away(some), 0) / all.length;
      expect(measured / variance).toBeCloseTo(1 / k - 1 / m, 6);
      // Not the V/k of draws with repetition.
      expect(Math.abs(measured / variance - 1 / k)).toBeGreaterThan(0.1);
    }
  });
});

/** The time of the k-th reply, for every k. */
const known = (...meanMs: number[]): ArrivalTimes => ({
  meanMs: Float64Array.from(meanMs),
  counts: new Uint32Array(meanMs.length).fill(1),
});
const crowd = { workers: 4, kMin: 1, step: 1 };

describe("the k of most progress a second", () => {
  // G(k) = |g|^2/2 - V/2 (1/k - 1/4) by hand, with |g|^2 = 10 and V = 8: 2, 4, 4.667, 5.
  const progress = { squaredNorm: 10, variance: 8 };
  it.each([
    [[10, 10, 10, 10], 4],
    [[10, 11, 12, 14], 3],
    [[10, 15, 30, 100], 2],
    [[10, 25, 60, 100], 1],
  ])("with replies after %j ms is %d", (meanMs, k) => {
    expect(bestCount(known(...meanMs), progress, crowd)).toBe(k);
  });

  it("grows as the gradient gets smaller than its noise", () => {
    const times = known(10, 12, 16, 40);
    const ks = [1e6, 24, 6, 1, 1e-3].map((squaredNorm) =>
      bestCount(times, { squaredNorm, variance: 8 }, crowd),
    );
    expect(ks).toEqual([1, 2, 3, 4, 4]);
  });

  it("is never below the least, nor one whose time was never seen", () => {
    const times = { ...known(10, 500, 0, 0), counts: Uint32Array.of(1, 1, 0, 0) };
    expect(bestCount(times, progress, crowd)).toBe(1);
    expect(bestCount(times, { squaredNorm: 0, variance: 8 }, crowd)).toBe(2);
    expect(bestCount(known(1, 100, 110, 120), progress, { ...crowd, kMin: 2 })).toBe(3);
  });

  it("trusts longer steps less", () => {
    const times = known(10, 12, 16, 40);
    const steps = [0.05, 1, 1.9];
    const ks = steps.map((step) => bestCount(times, progress, { ...crowd, step }));
    expect(ks).toEqual([...ks].sort((a, b) => a - b));
    expect(ks[0]).toBeLessThan(ks[2]!);
  });
});

function closed(
  atMs: readonly number[],
  rule: Partial<WaitRule>,
  values = Float64Array.of(1),
): ClosedQuorum {
  let arrivals: SlotMap<ReplyArrival> = emptySlotMap();
  for (const [slot, ms] of atMs.entries())
    arrivals = withSlot(arrivals, slot, { slot, atMs: 100 + ms });
  const end = 100 + atMs.at(-1)!;
  const whole = { needed: 1, enough: 4, deadlineMs: 1e9, ...rule };
  return { startedMs: 100, atMs: end, arrivals, rule: whole, gradient: { values, variance: 1 } };
}

describe("the usual time of the k-th reply", () => {
  it("is the mean over the quorums that waited for it", () => {
    let times = withArrivalTimes(noTimes(4), closed([10, 20, 30, 40], {}));
    times = withArrivalTimes(times, closed([20, 40], { enough: 2 }));
    expect([...times.meanMs]).toEqual([15, 30, 30, 40]);
    expect([...times.counts]).toEqual([2, 2, 1, 1]);
  });

  it("takes what was waited for and did not come at twice the wait", () => {
    let times = withArrivalTimes(noTimes(4), closed([10, 20, 30, 40], {}));
    times = withArrivalTimes(times, closed([10, 20, 50], {}));
    expect([...times.meanMs]).toEqual([10, 20, 40, 70]);
  });

  it("says nothing of who has never come", () => {
    const times = withArrivalTimes(noTimes(4), closed([10, 20, 30], {}));
    expect([...times.counts]).toEqual([1, 1, 1, 0]);
  });
});

describe("gradients at odds", () => {
  const policy = gradientSignPolicy(adaptiveSchema.parse({ threshold: 3 }), {
    workers: 32,
    redundancy: 2,
  });
  const all = Array.from({ length: 32 }, (_, i) => 10 + i);
  function kAfter(rounds: number, gradientOf: (round: number) => number): number {
    let memory = policy.start();
    for (let round = 0; round < rounds; round++) {
      const rule = policy.rule(memory, []);
      const values = Float64Array.of(gradientOf(round), 1);
      memory = policy.observe(memory, closed(all.slice(0, rule.enough), rule, values));
    }
    return policy.rule({ ...memory, looks: { quorums: 5, reach: 32 } }, []).enough;
  }

  it("raise k step by step, and gradients in line do not", () => {
    expect(kAfter(100, () => 5)).toBe(16);
    // Five rounds of grace and four at odds raise it by two, and so on.
    const flipping = (round: number) => (round % 2 === 0 ? 5 : -5);
    expect(kAfter(8, flipping)).toBe(16);
    expect(kAfter(9, flipping)).toBe(18);
    expect(kAfter(17, flipping)).toBe(18);
    expect(kAfter(18, flipping)).toBe(20);
    expect(kAfter(300, flipping)).toBe(32);
  });

  it("now and then do not raise it", () => {
    const random = randomFrom("odds");
    const k = kAfter(200, () => (random.uniform() < 0.1 ? -5 : 5));
    expect(k).toBe(16);
  });
});
