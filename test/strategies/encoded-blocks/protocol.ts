import { product, type Trial } from "./by-hand.ts";

/** Accepted after a round: [X w; w] as the master has it, and from the workers' blocks v_i. */
export interface Accepted {
  readonly z: Float64Array;
  readonly fromBlocks: Float64Array;
}

/**
 * The protocol as the papers have it, by hand: a worker keeps its block v_i and its last step; the
 * master sends whether that step counted, and z_i, what all the others add up to; the worker takes
 * its step over or forgets it, and answers with what its next one would add. `sets` are the slots
 * that counted, round by round. A worker that `heedsFlag: false` takes over every step of its own.
 */
export function flagProtocol(
  trial: Trial,
  stepSize: number,
  sets: readonly (readonly number[])[],
  heedsFlag = true,
): Accepted[] {
  const length = trial.rows + trial.features;
  const workers = trial.frame.map((_, slot) => paperWorker(trial, slot, stepSize, heedsFlag));
  // What each block adds, as the master believes.
  const shares = workers.map(() => new Float64Array(length));
  const accepted: Accepted[] = [];
  let counted: readonly number[] = [];
  for (const set of sets) {
    const z = summed(shares, length);
    const answers = workers.map((worker, slot) => {
      const others = z.map((value, i) => value - shares[slot]![i]!);
      return worker.answer(counted.includes(slot), others);
    });
    counted = set;
    for (const slot of set)
      shares[slot] = shares[slot]!.map((value, i) => value + answers[slot]![i]!);
    const blocks = workers.map((worker, slot) => worker.sum(set.includes(slot)));
    accepted.push({ z: summed(shares, length), fromBlocks: summed(blocks, length) });
  }
  return accepted;
}

interface PaperWorker {
  /** [X; I] S_i' d_i, after the last step was taken over or forgotten. */
  answer(flag: boolean, others: Float64Array): Float64Array;
  /** [X; I] S_i' v_i, as it will be once the flag is heard. */
  sum(flag: boolean): Float64Array;
}

function paperWorker(
  trial: Trial,
  slot: number,
  stepSize: number,
  heedsFlag: boolean,
): PaperWorker {
  const { rows, features, l2, targets, frame, x } = trial;
  const lifted = frame[slot]!.map((s) =>
    Float64Array.from([...x.map((row) => product(s, row)), ...s]),
  );
  let v = new Float64Array(lifted.length);
  let step = new Float64Array(lifted.length);
  const through = (block: Float64Array) => {
    const out = new Float64Array(rows + features);
    for (const [k, column] of lifted.entries())
      for (let i = 0; i < out.length; i++) out[i]! += block[k]! * column[i]!;
    return out;
  };
  const taken = (flag: boolean) => (flag || !heedsFlag ? v.map((value, k) => value + step[k]!) : v);
  return {
    sum: (flag) => through(taken(flag)),
    answer(flag, others) {
      v = taken(flag);
      const own = through(v);
      // In single precision, as predictions and weights travel.
      const sources = others.map((other, i) => {
        const z = Math.fround(other + own[i]!);
        return i < rows ? (1 / (1 + Math.exp(-z)) - targets[i]!) / rows : l2 * z;
      });
      step = Float64Array.from(lifted, (column) => -stepSize * product(column, sources));
      return through(step);
    },
  };
}

function summed(parts: readonly Float64Array[], length: number): Float64Array {
  const sum = new Float64Array(length);
  for (const part of parts) for (let i = 0; i < length; i++) sum[i]! += part[i]!;
  return sum;
}
