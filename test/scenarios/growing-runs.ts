import { getHeapSpaceStatistics } from "node:v8";
import { campaign } from "../campaign.ts";

/** What is left to a resumed run. */
export const rest = 20;
/** Short runs are too short to tell, and machines may be busy: only a campaign has limits. */
export const none = Number.POSITIVE_INFINITY;
export const limits = {
  /** Of what a round takes at the end over what it took early. */
  ratio: campaign(none, 1.2),
  growthMegabytes: campaign(none, 60),
  lookSeconds: campaign(none, 1),
  resumeSeconds: campaign(none, 2),
} as const;

const data = { generate: { type: "regression", rows: 400, features: 10 } };
const calm = { weather: { model: "calm" }, wait: "all" };
/** Runs whose rounds are all alike, of so many rounds. */
export function growingRuns(rounds: number) {
  return {
    ridge: {
      ...calm,
      problem: { type: "ridge", l2: 0.01 },
      data,
      workers: 4,
      optimizer: { type: "gradient-descent", step: 1e-6 },
      stop: { rounds, tolerance: 0 },
    },
    "local-steps with compression": {
      ...calm,
      problem: { type: "ridge", l2: 0.01 },
      data,
      workers: 4,
      strategy: { type: "local-steps", steps: 2, batch: 4 },
      optimizer: { type: "sgd", learningRate: 1e-4 },
      compression: { type: "top-k", k: 3 },
      stop: { rounds, tolerance: 0 },
    },
    "dp-sgd": {
      ...calm,
      problem: { type: "logistic", l2: 0.1 },
      data: {
        generate: { type: "classification", rows: 400, features: 10 },
        classes: ["0", "1"],
        standardize: false,
      },
      workers: 4,
      strategy: { type: "dp-sgd" },
      optimizer: { type: "sgd", learningRate: 0.01, momentum: 0 },
      privacy: { epsilon: 900, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 },
      stop: { rounds },
    },
  } satisfies Record<string, object>;
}

/**
 * What a tenth of a run took at its start and at its end, from what all had taken after each: a
 * median of four tenths each, as machines may be busy for a while. The first tenth also compiles.
 */
export function tenths(spent: readonly number[]): {
  readonly early: number;
  readonly late: number;
} {
  const each = spent.slice(1).map((after, i) => after - spent[i]!);
  const middle = (some: readonly number[]) => {
    const sorted = some.toSorted((a, b) => a - b);
    return (sorted[1]! + sorted[2]!) / 2;
  };
  return { early: middle(each.slice(0, 4)), late: middle(each.slice(-4)) };
}

/**
 * Megabytes that this process holds, but for what it has touched of the engine's room for new
 * objects: that doubles in long runs, up to 2 x 64 MB, however little is alive.
 */
export function residentMegabytes(): number {
  const room = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")!;
  return (process.memoryUsage().rss - room.physical_space_size) / 1e6;
}
