import { join } from "node:path";
import { type Job, type Line, pick, ratio, type Told } from "./line.ts";

/** Rows of the platform: cold workers, replies, forecasts, simulations, the suite. */

const bundle = "dist/functions-bundled/worker";
const startup: Job = {
  name: "startup",
  arguments: ({ before, isSmall }) => [
    ...["startup", "--runs", "0", "--repetitions", isSmall ? "2" : "15"],
    ...(before === null ? [] : [join(before, bundle)]),
  ],
};
const roundTrip: Job = {
  name: "round-trip",
  arguments: () => ["round-trip"],
  before: () => ["round-trip"],
};
const forecasts: Job = {
  name: "forecasts",
  arguments: ({ isSmall }) => ["forecasts", ...(isSmall ? ["--seeds", "1"] : [])],
};

/** Timed where it is named; else `--install-test SECONDS` tells it. */
export const installTest: Job = {
  name: "install-test",
  script: "bench/table/install-test.ts",
  arguments: () => [],
};

function simulate(strategy: string): Job {
  const words = (isSmall: boolean) => (isSmall ? ["100", "10"] : ["10000", "1000"]);
  const rest = ["gradient-descent", "1", "10"];
  return {
    name: `simulate-${strategy}`,
    arguments: ({ isSmall }) => ["simulate", ...words(isSmall), ...rest, strategy],
    // Before, there were rounds only.
    ...(strategy === "rounds" && {
      before: ({ isSmall }) => ["simulate", ...words(isSmall), ...rest],
    }),
  };
}

function simulation(strategy: string, filed: string, target: number): Line {
  return {
    ...{ row: 15, name: `simulate-${strategy}`, job: simulate(strategy), filed, unit: "s" },
    work: `10,000 workers x 1,000 rounds simulated, ${strategy}`,
    ...{ target, is: "at most" },
    now: ({ now }) => pick(now, "totalSeconds"),
    before: ({ before }) => pick(before, "totalSeconds"),
  };
}

const inBand = ({ now }: Told) => {
  const share = pick(now, "share");
  return share === null ? null : 100 * share;
};

export const platformLines: readonly Line[] = [
  {
    ...{ row: 7, name: "cold-worker", job: startup, filed: ".45 s", unit: "s" },
    work: "processor seconds of a cold emulated worker",
    ...{ target: 0.12, is: "at most" },
    now: ({ now }) => ratio(pick(now, "worker coldProcessorMs"), 1000),
    before({ now }) {
      const name = Object.keys(now ?? {}).find((key) => /\/worker coldProcessorMs$/.test(key));
      return name === undefined ? null : ratio(pick(now, name), 1000);
    },
  },
  {
    ...{ row: 13, name: "streamed", job: roundTrip, filed: ".46", unit: "x" },
    work: "streamed replies against plain ones, 256 KiB",
    ...{ target: 1, is: "at least" },
    now: ({ now }) => ratio(pick(now, "invoke p50"), pick(now, "streamed p50")),
    before: ({ before }) => ratio(pick(before, "invoke p50"), pick(before, "streamed p50")),
    otherwise: ({ now }) =>
      typeof now?.runsStream === "boolean"
        ? { isMet: !now.runsStream, words: `${now.runsStream ? "" : "no "}run streams its replies` }
        : null,
  },
  {
    ...{ row: 14, name: "forecasts", job: forecasts, filed: "47 %", unit: "%" },
    work: "runs within their forecast's 10 to 90 %, ten unseen specs",
    ...{ target: 75, is: "at least", now: inBand },
  },
  {
    ...{ row: 14, name: "forecasts-narrow", job: forecasts, filed: "47 %", unit: "%" },
    work: "the same, which is not to be too wide",
    ...{ target: 90, is: "at most", now: inBand },
  },
  simulation("rounds", "52 s", 40),
  simulation("local-steps", "-", 90),
  simulation("encoded-blocks", "-", 90),
  {
    ...{ row: 16, name: "install-test", job: installTest, filed: "20 min", unit: "s" },
    work: "npm install-test, nothing beside it",
    ...{ target: 300, is: "at most", now: ({ now }) => pick(now, "seconds") },
  },
];
