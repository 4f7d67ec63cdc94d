import { accountReleases } from "./account.ts";
import { gaussianEpsilon } from "./accountants/gaussian.ts";
import { grouped } from "./accountants/grouped.ts";
import { pldEpsilon } from "./accountants/pld.ts";
import { rdpEpsilon } from "./accountants/rdp.ts";
import { calibrateDpSgd } from "./calibrate.ts";
import { gridFor, noiseOf, roundingSensitivity } from "./mechanisms/grid-noise.ts";
import type { NoiseRule } from "./mechanisms/keyed-noise.ts";
import { coinRate } from "./mechanisms/secret-draws.ts";
import type { PrivacyOptions } from "./options.ts";
import type { DpSgdRelease, MechanismUse } from "./release.ts";

/** How sums are noised, round by round alike, and what one of them costs. All of it public. */
export interface SumNoise {
  readonly rule: NoiseRule;
  /** Of one round. */
  readonly release: DpSgdRelease;
}

/** How a worker draws its batches. */
export interface Sampling {
  readonly rate: number;
  /** The most records of a batch, and of its worker; absent where batches may be any size. */
  readonly truncation?: { readonly cap: number; readonly records: number } | undefined;
  /** The rounds in one of which, drawn at random, each record is; absent for a coin a round. */
  readonly epoch?: number | undefined;
}

interface Planned extends Sampling {
  readonly privacy: PrivacyOptions;
  readonly rounds: number;
  /** The most records that a sum is over: a public number. */
  readonly records: number;
  readonly workers: number;
  /** How many numbers a sum is. */
  readonly length: number;
}

/**
 * The least noise that keeps the budget over the planned rounds. A record moves a sum by the clip
 * norm, and by what rounding adds to that: of the sum's own additions, and of the noise's grid.
 */
export function sumNoise(planned: Planned): SumNoise {
  const name = JSON.stringify(planned);
  if (last?.name !== name) last = { name, noise: calibrated(planned) };
  return last.noise;
}

/** Calibration takes a second or two, and a run is opened more than once. */
let last: { readonly name: string; readonly noise: SumNoise } | null = null;

function calibrated(planned: Planned): SumNoise {
  const { privacy, rounds, records, workers, length } = planned;
  const { adjacency, clip } = privacy;
  const least = leastNoise(privacy, planned, rounds);
  const moved = clip + summationSensitivity(records, workers, clip);
  // The grid's own share may take the noise to the next coarser grid, and no further.
  const widened = moved + roundingSensitivity(length, gridFor(2 * least.noise * moved));
  const sigma = least.noise * widened;
  const noise = noiseOf(gridFor(sigma)) / widened;
  return {
    rule: { mechanism: "gaussian", adjacency, sensitivity: widened, noise: sigma },
    release: { ...least, noise, steps: 1 },
  };
}

/** Normal noise over the clip norm that keeps the budget; rounding widens the norm by a hair. */
export function leastNoise(
  privacy: PrivacyOptions,
  { rate, truncation, epoch }: Sampling,
  rounds: number,
): DpSgdRelease {
  const steps = Math.max(1, rounds);
  const about = { adjacency: privacy.adjacency, divisor: "public", steps } as const;
  if (epoch !== undefined) {
    const sampler = "random-allocation";
    return calibrateDpSgd(privacy, { ...about, sampler, epoch, rate: 1 / epoch });
  }
  const sampler =
    rate === 1 ? "full-batch" : truncation === undefined ? "poisson" : "truncated-poisson";
  return calibrateDpSgd(privacy, { ...about, sampler, ...truncation, rate: coinRate(rate) });
}

/** What the sum of this round is charged as: with its draw, where rounds share one. */
export function releaseOfRound(
  release: DpSgdRelease,
  round: number,
  publisher: string,
): DpSgdRelease {
  const { epoch } = release;
  if (epoch === undefined) return release;
  return { ...release, draw: `${publisher}/${Math.floor(round / epoch)}` };
}

/**
 * The most records of a worker, of so many that all have together, where each is dealt by a coin of
 * its own (`add-remove`): six deviations above the mean. Elsewhere they are dealt evenly.
 */
export function workerRecordsMax(
  { adjacency }: PrivacyOptions,
  records: number,
  workers: number,
): number {
  const mean = records / workers;
  return Math.ceil(adjacency === "add-remove" ? mean + 6 * Math.sqrt(mean) : mean + 1);
}

/**
 * By how much rounding in a sum of n clipped gradients may move neighbours apart in the 2-norm. An
 * entry's error is at most u times the sum of its terms' sizes for every product and addition, with
 * u = 2^-53; the sizes as a vector are n clip at most, and there are two worlds.
 */
export function summationSensitivity(records: number, workers: number, clip: number): number {
  return 2 * (records + workers + 2) * records * clip * 2 ** -53;
}

/**
 * An upper bound of what so many rounds have cost, quick to tell: exactly, where every record is in
 * every batch; else by Renyi orders, or, where those say more, what all planned rounds cost
 * together by privacy losses.
 */
export function quickAccount(
  rounds: number,
): (releases: readonly MechanismUse[], delta: number) => number {
  return (releases, delta) => {
    const [first] = releases;
    if (first === undefined) return 0;
    const exact = gaussianEpsilon(releases, delta);
    if (exact !== null) return exact;
    const groups = grouped(releases);
    const { release, count: steps } = groups[0]!;
    const isOne = release.mechanism === "dp-sgd" && groups.length === 1;
    const planned = isOne ? plannedSteps(release, rounds) : 0;
    if (!isOne || steps > planned) return accountReleases(releases, delta).epsilon;
    const byOrders = rdpEpsilon([{ ...release, steps }], delta, "integer").value;
    return Math.min(byOrders, ofAll({ ...release, steps: planned }, delta) ?? byOrders);
  };
}

/** So many rounds, up to the end of an epoch where one is drawn at once. */
function plannedSteps({ epoch = 1 }: DpSgdRelease, rounds: number): number {
  return Math.ceil(rounds / epoch) * epoch;
}

/** By privacy losses, which take a second: worked out once a process, whoever asks. */
function ofAll(release: DpSgdRelease, delta: number): number | null {
  const name = `${nameOf(release)} ${delta}`;
  if (lastNote?.name !== name) lastNote = { name, epsilon: pldEpsilon([release], delta) };
  return lastNote.epsilon;
}

/** What was read from a ledger has its parts in another order. */
function nameOf(release: MechanismUse): string {
  return JSON.stringify(Object.entries(release).sort(([a], [b]) => (a < b ? -1 : 1)));
}

let lastNote: { readonly name: string; readonly epsilon: number | null } | null = null;
