import { normalCdf } from "../../math/normal.ts";
import type { DpSgdRelease } from "../release.ts";
import { type Direction, type LossLaw, normalBetween, normalLoss, reachOf } from "./loss-law.ts";

/*
 * Random allocation: of the t steps of an epoch each record takes part in one, drawn uniformly. The
 * worst pair is known (Chua and others, "Balls-and-Bins sampling", and Feldman and Shenfeld,
 * "Privacy amplification by random allocation", 2025), also where steps heed those before: Q is
 * normal noise in t coordinates, P the same with 1 in a random one of them. The ratio M = P / Q is
 * the mean of t independent ratios e^y, y normal under Q, and both directions are means under Q of
 * convex functions of M, (M - e^epsilon)+ and (1 - e^epsilon M)+. So whatever spreads one ratio and
 * keeps its mean is an upper bound of every delta, alone and composed with others: the law of M is
 * put together on a grid of logarithms, each value split between the two grid points around it.
 */

/** Under Q: probability `masses[i]` of M = e^((first + i) step), and at most `lost` elsewhere. */
interface RatioLaw {
  readonly step: number;
  readonly first: number;
  readonly masses: Float64Array;
  /** Probability of what was left out, under either law. */
  readonly lost: number;
}

const cellsMax = 2_048;
/** With less noise than this the numbers run out; the bound without any sampling serves as well. */
const noiseMin = 0.1;

/** The privacy loss of one epoch. */
export function allocationLoss(
  release: DpSgdRelease,
  direction: Direction,
  outside: number,
): LossLaw {
  const { noise, epoch } = release;
  if (noise < noiseMin) return normalLoss(1 / noise, outside);
  const { step, first, masses, lost } = ratioLaw(noise, epoch!, outside);
  const sign = direction === "remove" ? 1 : -1;
  const size = masses.length;
  /** Losses ascending. */
  const lossAt = (i: number) => (sign === 1 ? first + i : 1 - first - size + i) * step;
  const massAt = (i: number) => masses[sign === 1 ? i : size - 1 - i]!;
  /** The first index with a loss above. */
  const above = (loss: number) => {
    let [low, high] = [0, size];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lossAt(middle) > loss) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return {
    least: lossAt(0),
    most: lossAt(size - 1),
    outside: lost,
    masses(from, to) {
      let [p, q] = [to === Number.POSITIVE_INFINITY ? lost : 0, 0];
      const end = above(to);
      for (let i = above(from); i < end; i++) {
        const [plain, moved] = [massAt(i), massAt(i) * Math.exp(sign * lossAt(i))];
        p += sign === 1 ? moved : plain;
        q += sign === 1 ? plain : moved;
      }
      return [p, q];
    },
  };
}

/**
 * The Renyi divergence of one epoch, by its bound without sampling: divergences of mixtures are at
 * most those of their parts. Privacy losses say much less.
 */
export function allocationRdp({ noise }: DpSgdRelease, alpha: number): number {
  return alpha / (2 * noise * noise);
}

let last: { readonly name: string; readonly law: RatioLaw } | null = null;

function ratioLaw(noise: number, epoch: number, outside: number): RatioLaw {
  const name = `${noise} ${epoch} ${outside}`;
  if (last?.name !== name) last = { name, law: meanOf(epoch, oneRatio(noise, epoch, outside)) };
  return last.law;
}

/** One e^y, where y is normal of mean -1 / (2 noise^2) and deviation 1 / noise. */
function oneRatio(noise: number, epoch: number, outside: number): RatioLaw {
  const mean = -1 / (2 * noise * noise);
  // Each coordinate may be outside at both ends, under either law.
  const reach = reachOf(outside / (8 * epoch));
  const [least, most] = [mean - reach / noise, -mean + reach / noise];
  const step = (most - least) / (cellsMax - 2);
  const first = Math.floor(least / step);
  const size = Math.ceil(most / step) - first + 1;
  const masses = new Float64Array(size);
  const zOf = (i: number) => ((first + i) * step - mean) * noise;
  for (let i = 0; i + 1 < size; i++) {
    const [a, b] = [zOf(i), zOf(i + 1)];
    const q = normalBetween(a, b);
    if (q === 0) continue;
    // E[e^y] over the cell, and over what it is at the lower end.
    const p = normalBetween(a - 1 / noise, b - 1 / noise) * Math.exp(-(first + i) * step);
    const upper = Math.min(q, Math.max(0, (p - q) / Math.expm1(step)));
    masses[i]! += q - upper;
    masses[i + 1]! += upper;
  }
  return { step, first, masses, lost: 4 * epoch * normalCdf(-reach) };
}

/** The mean of so many independent ones: of twice as many each time, and by binary digits. */
function meanOf(count: number, one: RatioLaw): RatioLaw {
  const allowed = one.lost / (4 * Math.log2(count) + 4);
  let power = one;
  let powerSize = 1;
  let all: RatioLaw | null = null;
  let allSize = 0;
  for (let left = count; ; left = Math.floor(left / 2)) {
    if (left % 2 === 1) {
      all = all === null ? power : trimmed(meanOfTwo(all, allSize, power, powerSize), allowed);
      allSize += powerSize;
    }
    if (left <= 1) break;
    power = trimmed(meanOfTwo(power, 1, power, 1), (allowed * 2 * powerSize) / count);
    powerSize *= 2;
  }
  const levels = 2 * Math.log2(count) + 2;
  return { ...all!, lost: one.lost + levels * allowed };
}

/** (a A + b B) / (a + b) for independent A and B, each value split so that its mean is kept. */
function meanOfTwo(left: RatioLaw, a: number, right: RatioLaw, b: number): RatioLaw {
  const step = Math.min(left.step, right.step);
  const [one, two] = [refined(left, step), refined(right, step)];
  const [n, m] = [one.masses.length, two.masses.length];
  const shift = two.first - one.first;
  // Of B's index less A's, how far above A's the mean lies: whole steps, and the share beyond.
  const whole = new Int32Array(n + m - 1);
  const share = new Float64Array(n + m - 1);
  for (let d = 0; d < n + m - 1; d++) {
    const apart = (d - (n - 1) + shift) * step;
    const up =
      apart > 0
        ? apart + Math.log((b + a * Math.exp(-apart)) / (a + b))
        : Math.log((a + b * Math.exp(apart)) / (a + b));
    whole[d] = Math.floor(up / step);
    share[d] = Math.min(1, Math.max(0, Math.expm1(up - whole[d]! * step) / Math.expm1(step)));
  }
  // The least value comes of both least ones, and so does the highest.
  const lowest = Math.min(0, shift) - 1;
  const masses = new Float64Array(Math.max(n, m + shift) - lowest + 2);
  for (let i = 0; i < n; i++) {
    const mass = one.masses[i]!;
    if (mass === 0) continue;
    for (let j = 0; j < m; j++) {
      const both = mass * two.masses[j]!;
      if (both === 0) continue;
      const d = j - i + n - 1;
      const at = i + whole[d]! - lowest;
      const upper = both * share[d]!;
      masses[at]! += both - upper;
      masses[at + 1]! += upper;
    }
  }
  return { step, first: one.first + lowest, masses, lost: 0 };
}

/** The same values on a grid with whole times as many points. */
function refined(law: RatioLaw, step: number): RatioLaw {
  const times = Math.round(law.step / step);
  if (times === 1) return law;
  const masses = new Float64Array((law.masses.length - 1) * times + 1);
  for (let i = 0; i < law.masses.length; i++) masses[i * times] = law.masses[i]!;
  return { ...law, step, first: law.first * times, masses };
}

/** Without ends that have no more than `allowed` together; on a finer grid where that fits. */
function trimmed(law: RatioLaw, allowed: number): RatioLaw {
  const { step, masses } = law;
  const either = (i: number) => masses[i]! * Math.max(1, Math.exp((law.first + i) * step));
  let [from, to] = [0, masses.length];
  for (let sum = either(from); sum <= allowed / 2; sum += either(from)) from++;
  for (let sum = either(to - 1); sum <= allowed / 2; sum += either(to - 1)) to--;
  const kept = { ...law, first: law.first + from, masses: masses.slice(from, to) };
  return 2 * (to - from) <= cellsMax ? refined(kept, step / 2) : kept;
}
