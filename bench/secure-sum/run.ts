import { randomBytes } from "node:crypto";
import {
  committeeOf,
  committeeSizes,
  maskedNumbers,
  maskSums,
  memberKeys,
  sharesFor,
} from "../../src/privacy/mechanisms/secure-sum.ts";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { simulations } from "../simulated.ts";

/*
 * What a secure sum costs a round: bytes, time and dollars of simulated runs on Lambda's weather,
 * with sums in clear and under masks; and the processor time of masking and of a member's part.
 */

const workers = 16;
const rounds = 20;
const table: RunInput = {
  data: {
    generate: { type: "classification", rows: 4_800, features: 64, classes: 10 },
    classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    standardize: false,
    test: 0,
  },
  problem: { type: "softmax", l2: 0.001 },
  workers,
  wait: { fastest: 12 },
  weather: { model: "lambda" },
  stop: { rounds, tolerance: 0 },
};
const privacy = {
  epsilon: 3,
  delta: 1e-5,
  unit: "record",
  adjacency: "zero-out",
  clip: 1,
} as const;
const optimizer = { type: "sgd", learningRate: 1 } as const;
const privately: RunInput = { ...table, privacy, optimizer };

const runs: Record<string, RunInput> = {
  "local-steps": { ...table, strategy: "local-steps" },
  "local-steps, secureSum: 3": { ...table, strategy: { type: "local-steps", secureSum: 3 } },
  "local-steps, secureSum: 5": { ...table, strategy: { type: "local-steps", secureSum: 5 } },
  "dp-sgd, noise: aggregator": { ...privately, strategy: { type: "dp-sgd", rate: 0.25 } },
  "dp-sgd, noise: workers": {
    ...privately,
    strategy: { type: "dp-sgd", rate: 0.25, noise: "workers" },
  },
  "dp-sgd, noise: workers, secureSum: 3": {
    ...privately,
    strategy: { type: "dp-sgd", rate: 0.25, noise: "workers", secureSum: 3 },
  },
};

const simulated = await simulations();
const figures: Record<string, Record<string, string>> = {};
for (const [name, spec] of Object.entries(runs)) {
  const { result } = await simulated.run(spec);
  const { bytesUp, bytesDown, seconds, dollars } = result;
  figures[name] = {
    "KB up": (bytesUp / rounds / 1e3).toFixed(1),
    "KB down": (bytesDown / rounds / 1e3).toFixed(1),
    ms: ((1e3 * seconds) / rounds).toFixed(0),
    "$ a million rounds": ((1e6 * dollars) / rounds).toFixed(0),
  };
}
await simulated.close();
console.log(`a round of ${workers} workers, ${65 * 10} weights, the mean of ${rounds}`);
console.table(figures);

const processor: Record<string, Record<string, string>> = {};
for (const size of committeeSizes)
  for (const length of [650, 100_000, 1_000_000])
    processor[`${size}, ${length}`] = cost(size, length);
console.log(`committee, numbers: ms of one slot's masks, and of a member's part over 12 slots`);
console.table(processor);

function cost(size: (typeof committeeSizes)[number], length: number): Record<string, string> {
  const committee = committeeOf(size);
  const secrets = Array.from({ length: size }, () => randomBytes(32));
  const members = secrets.map((secret) => memberKeys(secret));
  const keys = Buffer.concat(members.map(({ publicKey }) => publicKey));
  const values = new Float64Array(length);
  const about = { secret: secrets[0]!, use: "bench", purpose: "bench", committee, keys };
  const masking = timed(() => maskedNumbers(values, workers, about));
  const { shares } = maskedNumbers(values, workers, about);
  const bytes = sharesFor(committee, shares, 1);
  const parties = Array.from({ length: 12 }, () => ({ purpose: "bench", bytes }));
  const part = timed(() => maskSums(committee, 1, members[1]!, parties, length));
  return { "a slot": masking.toFixed(2), "a member": part.toFixed(2) };
}

/** The median of a few, in ms. */
function timed(act: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const from = performance.now();
    act();
    return performance.now() - from;
  });
  return times.sort((a, b) => a - b)[2]!;
}
