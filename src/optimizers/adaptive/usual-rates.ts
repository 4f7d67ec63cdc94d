/** What an option's usual number is a multiple of, so that it fits whatever the data are. */
export type RateUnit = "step" | "weight" | "slope" | "per weight" | "loss" | "per loss";

/** How long each unit is for a data set. */
export type RateUnits = Readonly<Record<RateUnit, number>>;

/**
 * What an option that a spec leaves out is measured in. `step`: the safe step share / L. `weight`
 * and `slope`: what weights and gradients are of the order of. Scaling targets or features thus
 * scales the whole run, and changes nothing else.
 */
const unitsByOption: Readonly<Record<string, RateUnit>> = {
  learningRate: "weight",
  otherRate: "weight",
  epsilon: "slope",
  weightDecay: "per weight",
  hyperLearningRate: "per loss",
  hyperClip: "loss",
};

type Options = Readonly<Record<string, unknown>>;

/**
 * Defaults for gradients of all rows, from measurement (`npm run bench -- rates`). Without noise of
 * minibatches a rate need not fall; what moves by signs alone must, and long memories overshoot in
 * the hundred steps that a run takes.
 */
export function usualForAllRows(type: string, rounds: number): Options | null {
  const schedule = falling(rounds);
  const usual: Readonly<Record<string, Options>> = {
    sgd: { learningRate: 1, momentum: 0.9, nesterov: true },
    adam: { learningRate: 0.2 },
    adamw: { learningRate: 0.2 },
    nadamw: { learningRate: 0.2 },
    amsgrad: { learningRate: 0.2 },
    avgrad: { learningRate: 0.2 },
    yogi: { learningRate: 0.2 },
    adan: { learningRate: 0.3, beta1: 0.9, beta2: 0.9, schedule },
    lion: { learningRate: 0.1, beta1: 0.7, beta2: 0.9, schedule },
    "schedule-free": { learningRate: 0.5 },
    muon: { learningRate: 0.1, otherRate: 0.1 },
    mada: { learningRate: 0.2 },
  };
  return usual[type] ?? null;
}

function falling(rounds: number) {
  return { type: "cosine", steps: Math.max(1, rounds) };
}

/**
 * The same for networks, whose weights begin at a size of their own: measured on small ones, and
 * safe for those that are no larger.
 */
export function usualForNetworks(type: string, rounds: number): Options | null {
  const usual = usualForAllRows(type, rounds);
  if (usual === null) return null;
  const own: Readonly<Record<string, Options>> = {
    sgd: { learningRate: 0.1 },
    "schedule-free": { learningRate: 0.03 },
    muon: { learningRate: 0.02, otherRate: 0.01 },
  };
  const { schedule, ...rest } = usual;
  const falls = type === "lion" ? { schedule } : {};
  return { ...rest, ...falls, learningRate: 0.01, ...own[type] };
}

/**
 * What moves by the mean change of workers that took steps of their own: sgd applies it as it is.
 * Their minibatches never rest, so the rate of the others must fall.
 */
export function usualForChanges(type: string, rounds: number, usual: Options | null) {
  if (usual === null) return null;
  if (type === "sgd") return { learningRate: 1 };
  return usualForMinibatches(type, rounds, usual);
}

/** What moves by gradients of minibatches, whose noise never rests, so that the rate must fall. */
export function usualForMinibatches(type: string, rounds: number, usual: Options | null) {
  if (usual === null || type === "schedule-free") return usual;
  return { ...usual, schedule: falling(rounds) };
}

/** Options of a method, those of `names` told in its units. */
export function inUnits<Chosen extends { readonly type: string }>(
  chosen: Chosen & Options,
  names: readonly string[],
  units: RateUnits,
): Chosen {
  const lines = names.flatMap((name) => {
    const value = chosen[name];
    const unit = chosen.type === "sgd" ? "step" : unitsByOption[name];
    if (typeof value !== "number" || unit === undefined) return [];
    return [[name, value * units[unit]]];
  });
  return { ...chosen, ...Object.fromEntries(lines) };
}

/** The options of a method that have units. */
export function measured(chosen: Options): string[] {
  return Object.keys(unitsByOption).filter((name) => typeof chosen[name] === "number");
}
