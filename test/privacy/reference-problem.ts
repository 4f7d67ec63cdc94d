import type { DataTable } from "../../src/privacy/release/table.ts";

const mask32 = 0xffffffffn;
const mask64 = (1n << 64n) - 1n;
const mask128 = (1n << 128n) - 1n;

/**
 * The reference problem: NumPy's default_rng(3); X uniform(-1, 1) of 2,000 by 10; theta
 * uniform(-1, 1) over its 1-norm; y = clip(X theta + uniform(-1, 1) / 2, -1, 1).
 */
export function referenceProblem(): DataTable {
  const next = generator(3);
  const uniform = () => -1 + 2 * (Number(next() >> 11n) / 2 ** 53);
  const [rows, d] = [2_000, 10];
  const x = Float64Array.from({ length: rows * d }, uniform);
  const theta = Float64Array.from({ length: d }, uniform);
  const norm = theta.reduce((sum, value) => sum + Math.abs(value), 0);
  const values = new Float64Array(rows * (d + 1));
  for (let i = 0; i < rows; i++) {
    let y = 0.5 * uniform();
    for (let j = 0; j < d; j++) {
      values[i * (d + 1) + j] = x[i * d + j]!;
      y += (x[i * d + j]! * theta[j]!) / norm;
    }
    values[i * (d + 1) + d] = Math.min(1, Math.max(-1, y));
  }
  return { rows, columns: d + 1, values };
}

/** PCG64 (O'Neill, 2014: 128 bits of state, XSL-RR) seeded by NumPy's SeedSequence. */
function generator(seed: number): () => bigint {
  const words = seedWords(seed);
  const pair = (i: number) => (words[i]! << 64n) | words[i + 1]!;
  const multiplier = 0x2360ed051fc65da44385df649fccf645n;
  const increment = ((pair(2) << 1n) | 1n) & mask128;
  let state = increment;
  state = ((state + pair(0)) * multiplier + increment) & mask128;
  return () => {
    state = (state * multiplier + increment) & mask128;
    const mixed = ((state >> 64n) ^ state) & mask64;
    const turn = state >> 122n;
    return ((mixed >> turn) | (mixed << ((64n - turn) & 63n))) & mask64;
  };
}

/** Four 64-bit words from a small seed. */
function seedWords(seed: number): bigint[] {
  let hashConstant = 0x43b0d7e5n;
  const hashed = (given: bigint) => {
    let value = given ^ hashConstant;
    hashConstant = (hashConstant * 0x931e8875n) & mask32;
    value = (value * hashConstant) & mask32;
    return value ^ (value >> 16n);
  };
  const mixed = (x: bigint, y: bigint) => {
    const result = (x * 0xca01f9ddn - y * 0x4973f715n) & mask32;
    return result ^ (result >> 16n);
  };
  const pool = [BigInt(seed), 0n, 0n, 0n].map(hashed);
  for (let from = 0; from < 4; from++)
    for (let to = 0; to < 4; to++)
      if (from !== to) pool[to] = mixed(pool[to]!, hashed(pool[from]!));
  let outConstant = 0x8b51f9ddn;
  const words = Array.from({ length: 8 }, (_, i) => {
    let value = pool[i % 4]! ^ outConstant;
    outConstant = (outConstant * 0x58f38dedn) & mask32;
    value = (value * outConstant) & mask32;
    return value ^ (value >> 16n);
  });
  return [0, 2, 4, 6].map((i) => (words[i + 1]! << 32n) | words[i]!);
}
