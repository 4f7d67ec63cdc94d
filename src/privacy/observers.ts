import { solvePositive } from "../math/cholesky.ts";

/**
 * Consensus on the mean as a linear system with normal noise: x(t+1) = (1 - step_t) (W x(t) +
 * V n(t)) + step_t a. Noise n(t) has deviation sigma_t, and sigma_0 = 0 as the start is public.
 */
export interface LinearConsensus {
  readonly nodes: number;
  /** W, row-major. */
  readonly mixing: Float64Array;
  /** V: how the noise of messages enters; W where everybody mixes its own message as published. */
  readonly noiseMixing?: Float64Array;
  /** Of rounds 0, 1, ...; messages 1 to one less than there are steps depend on data. */
  readonly steps: readonly number[];
  readonly deviations: readonly number[];
}

/** Who looks, and at what. */
export interface Observer {
  /** Whose messages it reads, in every round. */
  readonly reads: readonly number[];
  /** Nodes whose noise it knows: itself, and whoever tells it. */
  readonly knows: readonly number[];
}

/**
 * The mu with which an observer tells apart two values of `source`'s datum that are `distance`
 * apart: what it reads is normal with mean d or 0 and one covariance S, so mu^2 = d' S^-1 d.
 */
export function muOfView(
  consensus: LinearConsensus,
  source: number,
  distance: number,
  { reads, knows }: Observer,
): number {
  const { nodes, mixing, noiseMixing = mixing, steps, deviations } = consensus;
  const rounds = steps.length - 1;
  const unknown = Array.from({ length: nodes }, (_, i) => i).filter((i) => !knows.includes(i));
  const draws = unknown.length * rounds;
  const drawOf = (t: number, place: number) => (t - 1) * unknown.length + place;
  let shift = new Float64Array(nodes);
  // Row i: how x_i depends on every draw of noise, each of deviation 1.
  let influence = new Float64Array(nodes * draws);
  const seen: Float64Array[] = [];
  const means: number[] = [];
  for (let t = 0; t <= rounds; t++) {
    if (t > 0) {
      for (const node of reads) {
        const row = influence.slice(node * draws, (node + 1) * draws);
        const place = unknown.indexOf(node);
        if (place >= 0) row[drawOf(t, place)]! += deviations[t]!;
        seen.push(row);
        means.push(shift[node]!);
      }
    }
    if (t === rounds) break;
    const keep = 1 - steps[t]!;
    const nextShift = new Float64Array(nodes);
    const next = new Float64Array(nodes * draws);
    for (let i = 0; i < nodes; i++) {
      for (let j = 0; j < nodes; j++) {
        const weight = keep * mixing[i * nodes + j]!;
        if (weight === 0) continue;
        nextShift[i]! += weight * shift[j]!;
        for (let c = 0; c < draws; c++) next[i * draws + c]! += weight * influence[j * draws + c]!;
      }
      if (t > 0)
        for (const [place, j] of unknown.entries())
          next[i * draws + drawOf(t, place)]! +=
            keep * noiseMixing[i * nodes + j]! * deviations[t]!;
    }
    nextShift[source]! += steps[t]! * distance;
    shift = nextShift;
    influence = next;
  }
  return mahalanobis(seen, Float64Array.from(means));
}

/** sqrt(d' S^-1 d) for S = rows rows'. */
function mahalanobis(rows: readonly Float64Array[], d: Float64Array<ArrayBuffer>): number {
  const size = rows.length;
  const covariance = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      const [a, b] = [rows[i]!, rows[j]!];
      for (let c = 0; c < a.length; c++) sum += a[c]! * b[c]!;
      covariance[i * size + j] = sum;
      covariance[j * size + i] = sum;
    }
  }
  const solved = solvePositive(covariance, d.slice());
  return Math.sqrt(solved.reduce((sum, value, i) => sum + value * d[i]!, 0));
}
