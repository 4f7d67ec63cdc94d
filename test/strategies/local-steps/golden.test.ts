import { describe, expect, it } from "vitest";
import { compressUpdate } from "../../../src/compression/feedback.ts";
import { compressors } from "../../../src/compression/registry.ts";
import { randomFrom } from "../../../src/core/random.ts";
import { addScaled } from "../../../src/math/vector.ts";
import { fixed, policy } from "../../../src/quorum/wait-policies/policy.ts";
import { memoryKey } from "../../../src/store-layout.ts";
import { learningRatesFrom } from "../../../src/strategies/local-steps/learning-rates.ts";
import { localSteps } from "../../../src/strategies/local-steps/strategy.ts";
import type { LocalStepsTask } from "../../../src/tasks/local-steps.ts";
import { takeLocalSteps } from "../../../src/tasks/local-steps.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import type { WorkerState } from "../../../src/tasks/worker-state.ts";
import { noFault } from "../../../src/weather/fault-decision.ts";
import { fromPacket } from "../../../src/wire/packet.ts";
import { virtualRun } from "../../run/virtual-run.ts";
import {
  distance,
  localPlan,
  optimum,
  type PlanOptions,
  quadratic,
  quadraticShards,
  workersOf,
} from "./scene.ts";

/** Numbers of the reference's section 6.5; T counts local steps. The wire is float32. */
const digits = 6;
const top1 = { type: "top-k", k: 1 };
const signTop2 = { type: "sign-top-k", k: 2 };

async function ended(options: PlanOptions) {
  const plan = localPlan(quadratic, quadraticShards, 4, options);
  const { store, perform } = workersOf(quadratic, quadraticShards);
  const end = await virtualRun(localSteps(plan), { perform });
  expect(end.stop).toEqual({ kind: "done" });
  return { weights: end.state.weights, store };
}

function near(weights: ArrayLike<number>, expected: readonly number[]): void {
  for (const [j, value] of expected.entries()) expect(weights[j]).toBeCloseTo(value, digits);
}

describe("algorithm 1, H = 2", () => {
  it.each([
    ["Top1 at T = 2", top1, 2, [0, 0.0488125, 0, 0.0896875]],
    [
      "Top1 at T = 20",
      top1,
      20,
      [0.197773043209187, 0.028428879957612, 0.048184828219502, 0.47368954515853],
    ],
    ["SignTop2 at T = 2", signTop2, 2, [0.0690625, 0.0475625, 0, 0.116625]],
    [
      "SignTop2 at T = 20",
      signTop2,
      20,
      [0.321894572356873, 0.005441462719745, -0.078829249885684, 0.386552150396137],
    ],
    [
      "identity at T = 4",
      { type: "none" },
      4,
      [0.0896698203125, 0.001528578125, -0.0375355390625, 0.22834275],
    ],
  ])("%s", async (_, compression, steps, expected) => {
    near((await ended({ compression, roundsMax: steps / 2 })).weights, expected);
  });

  it("the first worker's memory after Top1's first round", async () => {
    const { store } = await ended({ compression: top1, roundsMax: 1 });
    const bytes = await store.read(memoryKey("trial", 0, 0));
    near(fromPacket<WorkerState>(bytes!).left!, [-0.096875, 0.095625, -0.045625, 0]);
  });

  it("without compression it stays where local steps drift, .009748 from the optimum", async () => {
    const { weights } = await ended({ roundsMax: 1000 });
    expect(distance(weights, optimum)).toBeCloseTo(0.009748, 5);
  });
});

describe("algorithm 2, workers that send every 2 and every 3 steps, Top1", () => {
  // Of every six steps: the first worker alone at 2, the second at 3, the first at 4, both at 6.
  const pattern = [1, 1, 1, 2];
  const turnsOf = (quorums: number) => {
    const rule = (count: number) =>
      fixed(
        {
          needed: pattern[count % 4]!,
          enough: pattern[count % 4]!,
          deadlineMs: Number.POSITIVE_INFINITY,
        },
        2,
        "by turns",
      );
    const wait = policy<{ count: number }>({
      ...rule(0),
      start: () => ({ count: 0 }),
      rule: ({ count }) => rule(count),
      observe: ({ count }) => ({ count: count + 1 }),
    });
    return { wait, roundsMax: quorums };
  };
  const run = async (quorums: number) => {
    const plan = localPlan(quadratic, quadraticShards, 4, {
      ...turnsOf(quorums),
      compression: top1,
    });
    const { perform } = workersOf(quadratic, quadraticShards);
    const end = await virtualRun(localSteps(plan), {
      workMs: 0,
      perform: (task: WorkerTask) =>
        perform({ ...(task as LocalStepsTask), rates: new Float64Array(2 + task.slot).fill(0.05) }),
      // As long as its steps take: 20 ms and 30 ms.
      fateOf: ({ slot }) => ({ ...noFault, delayMs: 20 + 10 * slot }),
    });
    return end.state.weights;
  };
  it.each([
    [
      "T = 2, half of what one worker sent: over R, not over those present",
      1,
      [0, 0, 0, 0.0896875],
    ],
    ["T = 3", 2, [0, 0.0714975, 0, 0.0896875]],
    ["T = 6", 4, [0.0964871015625, -0.080245229864648, -0.121208790937813, 0.0896875]],
    ["T = 60", 40, [0.328398546655714, -0.140395801862331, -0.054754255000612, 0.371543495047339]],
  ])("%s", async (_, quorums, expected) => {
    near(await run(quorums), expected);
  });
});

describe("eta_t = 8 / (.9 (200 + t)), Top1, by the pieces that strategy and worker share", () => {
  const rate = { schedule: "inverse", scale: 8 / 0.9, shift: 200 } as const;
  const distanceAfter = (steps: number, feedback: "error-feedback" | "none") => {
    const compressor = compressors.create(top1);
    const random = randomFrom(1);
    const weights = new Float64Array(4);
    const memories: (Float64Array | null)[] = [null, null];
    const task = {
      batch: 0,
      momentum: 0,
      shape: { columns: 4, intercept: false },
      seed: 1,
      slot: 0,
      round: 0,
    };
    for (let t = 0; t < steps; t += 2) {
      const rates = learningRatesFrom(rate, t, 2);
      const from = Float32Array.from(weights);
      for (const [slot, examples] of quadraticShards.entries()) {
        const asked = { ...task, weights: from, rates } as LocalStepsTask;
        const { change } = takeLocalSteps(quadratic, examples, null, asked);
        const sent = compressUpdate({ compressor, feedback }, change, memories[slot]!, random);
        memories[slot] = sent.memory;
        addScaled(weights, -0.5, sent.told);
      }
    }
    return distance(weights, optimum);
  };

  it("with error feedback it ends within 1e-4 of the optimum", () => {
    expect(distanceAfter(200_000, "error-feedback")).toBeLessThan(1e-4);
  });

  it("without it stalls more than 0.2 away, and would for ever", () => {
    expect(distanceAfter(20_000, "none")).toBeGreaterThan(0.2);
    expect(distanceAfter(40_000, "none")).toBeCloseTo(0.37, 1);
  });
});
