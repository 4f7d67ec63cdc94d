/**
 * Seeded randomness that hangs on labels: the same seed and label give the same numbers wherever
 * and whenever they are drawn, so a retried task repeats its bits. Not for secrets.
 */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal (Box-Muller, one half discarded so that a draw never depends on parity). */
  normal(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** A uniformly random permutation of 0..length-1 (Fisher-Yates). */
  permutation(length: number): Uint32Array;
  /** An independent stream; forking neither draws from this one nor depends on its position. */
  fork(label: string): Random;
}

export function randomFrom(seed: number | string): Random {
  return labelled(String(seed));
}

function labelled(label: string): Random {
  const next32 = xoshiro128(hash128(label));
  const uniform = () => ((next32() >>> 5) * 67108864 + (next32() >>> 6)) / 9007199254740992;
  const integer = (below: number) => Math.floor(uniform() * below);
  return {
    uniform,
    integer,
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    permutation(length) {
      const order = new Uint32Array(length);
      for (let i = 0; i < length; i++) {
        const j = integer(i + 1);
        order[i] = order[j]!;
        order[j] = i;
      }
      return order;
    },
    fork: (child) => labelled(`${label}/${child}`),
  };
}

/** xoshiro128** by Blackman and Vigna (2018), 32-bit outputs. */
function xoshiro128(seed: Uint32Array): () => number {
  // Signed words stay integers where unsigned ones may become floating-point numbers.
  const state = new Int32Array(seed);
  return () => {
    const s1 = state[1]!;
    const scrambled = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= s1;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= shifted;
    state[3] = rotateLeft(state[3]!, 11);
    return scrambled;
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Four lanes of MurmurHash3's mixing over the label's UTF-16 units. */
function hash128(label: string): Uint32Array {
  const lanes = new Uint32Array([0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667]);
  for (let i = 0; i < label.length; i++) {
    const unit = label.charCodeAt(i);
    for (let lane = 0; lane < 4; lane++) {
      let word = Math.imul(unit + lane * 0x1000193, 0xcc9e2d51);
      word = Math.imul(rotateLeft(word, 15), 0x1b873593);
      lanes[lane] = Math.imul(rotateLeft(lanes[lane]! ^ word, 13), 5) + 0xe6546b64;
    }
  }
  for (let lane = 0; lane < 4; lane++) {
    let word = lanes[lane]! ^ label.length ^ Math.imul(lane, 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    lanes[lane] = word ^ (word >>> 16);
  }
  if (lanes.every((word) => word === 0)) lanes[0] = 1;
  return lanes;
}
