import { type Figures, type Job, type Line, pick, ratio, type Told } from "./line.ts";

/** Rows of parts: kernels, steps of networks, bits. */

const kernelSizes = (isSmall: boolean) =>
  isSmall ? ["4096", "256", "3"] : ["65536", "1024", "11"];
const kernels: Job = {
  name: "kernels",
  arguments: ({ isSmall }) => ["kernels", ...kernelSizes(isSmall)],
  before: ({ isSmall }) => ["kernels", ...kernelSizes(isSmall)],
};
const privateStep: Job = {
  name: "private-step",
  arguments: ({ before, isSmall }) => [
    ...["dp-sgd", "--only", "wide", ...(isSmall ? ["--repetitions", "4"] : [])],
    ...(before === null ? [] : ["--before", before]),
  ],
};
const steps: Job = {
  name: "steps",
  arguments: ({ isSmall }) => (isSmall ? ["steps", "--steps", "2"] : ["steps", "--steps", "20"]),
};
const bits = ["qsparse", "--k", "20", "--local", "8"];
const shortBits = (isSmall: boolean) => (isSmall ? ["--steps", "80"] : []);
const qsparse: Job = {
  name: "qsparse",
  arguments: ({ isSmall }) => [...bits, "--down", "20", ...shortBits(isSmall)],
  before: ({ isSmall }) => [...bits, ...shortBits(isSmall)],
};
const networks: Job = {
  name: "networks",
  arguments: ({ isSmall }) => [
    ...["networks", "--circumstance", "dense,both"],
    ...(isSmall ? ["--digits-rounds", "8", "--text-rounds", "4"] : []),
  ],
};
/** The peer's time of a pass over kofn's. */
function kernel(name: string): Pick<Line, "now" | "before"> {
  const of = (figures: Figures | null) => {
    const peer = /logistic/.test(name) ? "NumPy, logistic" : String(figures?.peer);
    const ms = (who: string) => pick(figures, "results", "gradients", who, "medianMs");
    return ratio(ms(peer), ms(name));
  };
  return { now: ({ now }) => of(now), before: ({ before }) => of(before) };
}

/** Or 80 % of the bound of lanes. */
function ofBound(name: string, bound: string): Pick<Line, "otherwise"> {
  return {
    otherwise({ now }) {
      const ms = (who: string) => pick(now, "results", "gradients", who, "medianMs");
      const share = ratio(ms(`bound of lanes, ${bound}`), ms(name));
      if (share === null) return null;
      return { isMet: share >= 0.8, words: `${share.toFixed(2)} of the bound of lanes (0.8)` };
    },
  };
}

/** Steps a second over torch's. */
function stepRate(network: string): Pick<Line, "now"> {
  return {
    now({ now }) {
      const found = (now?.results as { network: string; rates: Rate[] }[] | undefined) ?? [];
      const rates = found.find((one) => one.network === network)?.rates ?? [];
      const of = (start: string) =>
        rates.find(({ name }) => name.startsWith(start))?.median ?? null;
      return ratio(of("kofn"), of("torch"));
    },
  };
}

/** What a step of 784-128-10 takes over another one of the same run. */
function privateOver(figure: "over" | "median", peer?: string): Pick<Line, "now" | "before"> {
  const of = (who: string) => (told: Told) => {
    const at = (name: string) => pick(told.now, "wide", "rows", { name }, figure);
    const mine = at(`${who}, private`);
    return peer === undefined ? mine : ratio(mine, at(peer));
  };
  // `over` is told beside today's plain step; the one before stood beside its own.
  const plain = (told: Told) => pick(told.now, "wide", "rows", { name: "before, plain" }, "over");
  const before = of("before");
  const own = (told: Told) => ratio(before(told), plain(told));
  return { now: of("kofn"), before: figure === "over" ? own : before };
}

interface Rate {
  readonly name: string;
  readonly median: number;
}

interface Bits {
  readonly reached: { readonly bitsUp: number; readonly bitsDown: number } | null;
}

/** Dense SGD's bits both ways to its loss over the fewest of the others. */
function fewerBits(figures: Figures | null): number | null {
  const results = (figures?.results as Bits[] | undefined) ?? [];
  const both = results.map(({ reached }) =>
    reached === null ? Number.POSITIVE_INFINITY : reached.bitsUp + reached.bitsDown,
  );
  const least = Math.min(...both.slice(1));
  return Number.isFinite(least) ? ratio(both[0] ?? null, least) : null;
}

function bothWays(training: string): Pick<Line, "now" | "otherwise"> {
  const of = ({ now }: Told, circumstance: string, figure: string) =>
    pick(now, "results", { training, circumstance }, figure);
  const lossOver = (told: Told) =>
    ratio(of(told, "both ways, 5 % late", "objective"), of(told, "dense SGD", "objective"));
  return {
    // A loss of more than 1 % above is as good as no compression.
    now(told) {
      const times = of(told, "both ways, 5 % late", "fewerBits");
      const loss = lossOver(told);
      return times === null || loss === null || loss <= 1.01 ? times : 1;
    },
    otherwise(told) {
      const loss = lossOver(told);
      if (loss === null || loss <= 1.01) return null;
      return { isMet: false, words: `loss ${(100 * (loss - 1)).toFixed(2)} % above dense SGD's` };
    },
  };
}

export const partLines: readonly Line[] = [
  {
    ...{ row: 9, name: "private-step", job: privateStep, filed: "19.6", unit: "x" },
    work: "private step over the plain one, 784-128-10, batch 64",
    ...{ target: 2.5, is: "at most", ...privateOver("over") },
  },
  {
    ...{ row: 9, name: "private-opacus", job: privateStep, filed: "-", unit: "x" },
    work: "the same over Opacus' ghost clipping, one thread",
    ...{ target: 1, is: "at most" },
    ...privateOver("median", "Opacus, private, ghost clipping"),
  },
  {
    ...{ row: 10, name: "float32", job: kernels, filed: ".97", unit: "x" },
    work: "least squares, float32, against NumPy",
    ...{ target: 1.3, is: "at least" },
    ...kernel("kofn float32"),
    ...ofBound("kofn float32", "float32"),
  },
  {
    ...{ row: 10, name: "int8", job: kernels, filed: "1.69", unit: "x" },
    work: "least squares, int8, against NumPy's float32",
    ...{ target: 3.5, is: "at least" },
    ...kernel("kofn int8"),
    ...ofBound("kofn int8", "int8"),
  },
  {
    ...{ row: 10, name: "logistic-kernel", job: kernels, filed: ".84", unit: "x" },
    work: "logistic, float32, against NumPy",
    ...{ target: 1.4, is: "at least" },
    ...kernel("kofn logistic, float32"),
    ...ofBound("kofn logistic, float32", "float32"),
  },
  {
    ...{ row: 11, name: "steps-wide", job: steps, filed: ".56", unit: "x" },
    work: "steps a second over torch's, 784-128-10, batch 64",
    ...{ target: 0.9, is: "at least", ...stepRate("wide") },
  },
  {
    ...{ row: 11, name: "steps-convolution", job: steps, filed: ".43", unit: "x" },
    work: "the same, 8 filters of 3 x 3 over 28 x 28, batch 32",
    ...{ target: 0.7, is: "at least", ...stepRate("convolution") },
  },
  {
    ...{ row: 11, name: "steps-transformer", job: steps, filed: ".21", unit: "x" },
    work: "the same, transformer of 2 blocks, 64 x 64, batch 16",
    ...{ target: 0.5, is: "at least", ...stepRate("transformer") },
  },
  {
    ...{ row: 12, name: "bits-digits", job: qsparse, filed: "9.1", unit: "x" },
    work: "bits both ways to dense SGD's loss, softmax on the digits",
    ...{ target: 100, is: "at least" },
    now: ({ now }) => fewerBits(now),
    before: ({ before }) => fewerBits(before),
  },
  {
    ...{ row: 12, name: "bits-convolutional", job: networks, filed: "-", unit: "x" },
    work: "bits both ways, convolutional, loss within 1 %",
    ...{ target: 15, is: "at least", ...bothWays("convolutional, digits") },
  },
  {
    ...{ row: 12, name: "bits-transformer", job: networks, filed: "-", unit: "x" },
    work: "bits both ways, transformer, loss within 1 %",
    ...{ target: 15, is: "at least", ...bothWays("transformer, characters") },
  },
];
