import assert from "node:assert/strict";
import type { Compressor } from "../compression/compressor.ts";
import { decompress as decompressPayload } from "../compression/payload.ts";
import { type Random, randomFrom } from "../core/random.ts";
import { above, atMost, type Laws, type TestRunner, testLaws } from "./laws.ts";

/** Somebody's compressor. */
export interface CompressorUnderTest {
  readonly name: string;
  readonly compressor: Compressor;
  /** Reads its bytes; where absent they are kofn's payloads. */
  readonly decompress?: (bytes: Uint8Array, length: number) => Float32Array;
  /** Vectors over which the contraction is measured; 10,000 where absent. */
  readonly draws?: number;
  /** Bits that a payload of 1,000 entries takes by the usual account, without its header. */
  readonly accountedBits?: number;
}

/**
 * The contract of a compressor, as tests: the contraction that it promises, the same bits again,
 * zeros for zeros, no numbers made of what is none, no more bits than accounted.
 */
export function testCompressor(member: CompressorUnderTest, runner: TestRunner): void {
  testLaws(runner, `${member.name} compressor`, laws, member);
}

const shape = [4, 6];
const length = 24;
const accountLength = 1_000;
const headerBits = 8 * 14;

const laws: Laws<CompressorUnderTest> = {
  "loses at most 1 - gamma of heavy-tailed vectors, where it promises a gamma"(member) {
    const gamma = member.compressor.contraction(length, shape);
    if (gamma === null) return;
    above(gamma, 0, "gamma");
    atMost(gamma, 1, "gamma");
    const random = randomFrom(member.name);
    const draws = member.draws ?? 10_000;
    const isRandom = drawsAtRandom(member);
    let [sum, squares] = [0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const vector = heavyTailed(random);
      const kept = roundTrip(member, vector, random);
      const loss = squared(kept.map((value, i) => vector[i]! - value)) / squared(vector);
      if (!isRandom) atMost(loss, 1 - gamma + 1e-12, "the share that is lost");
      sum += loss;
      squares += loss ** 2;
    }
    // Of random ones the law is about the expectation: the mean, with what chance adds to it.
    const mean = sum / draws;
    const deviation = Math.sqrt(Math.max(0, squares / draws - mean ** 2) / draws);
    atMost(mean, 1 - gamma + 4 * deviation + 1e-12, "the mean share that is lost");
  },

  "gives the same bytes for the same vector and randomness, and leaves the vector alone"(member) {
    const { compressor } = member;
    const vector = heavyTailed(randomFrom(1));
    const before = vector.slice();
    const bytes = compressor.compress(vector, randomFrom(2), shape);
    assert.deepEqual(compressor.compress(vector, randomFrom(2), shape), bytes);
    assert.deepEqual(vector, before);
    assert.deepEqual(read(member, bytes, length), read(member, bytes.slice(), length));
  },

  "gives zeros for zeros, for single entries too"(member) {
    for (const size of [1, 2, 24]) {
      const zeros = new Float32Array(size);
      const bytes = member.compressor.compress(zeros, randomFrom(3), [1, size]);
      const kept = read(member, bytes, size);
      assert.equal(kept.length, size);
      assert(kept.every((value) => Object.is(value, 0)));
    }
  },

  "makes no number of an entry that is none, and does not hide it"(member) {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 3e38]) {
      const vector = new Float32Array(length).fill(bad);
      const kept = roundTrip(member, vector, randomFrom(4));
      for (const value of kept)
        assert(
          value === 0 || !Number.isFinite(value) || Number.isFinite(bad),
          `${bad} to ${value}`,
        );
      assert(kept.some((value) => value !== 0));
    }
  },

  "takes no more bits than the usual account"({ compressor, accountedBits }) {
    if (accountedBits === undefined) return;
    for (let seed = 0; seed < 20; seed++) {
      const vector = heavyTailed(randomFrom(seed), accountLength);
      const payload = compressor.compress(vector, randomFrom(seed));
      atMost(8 * payload.length, accountedBits + headerBits, "the number of bits");
    }
  },
};

function read(member: CompressorUnderTest, bytes: Uint8Array, size: number): Float32Array {
  return (member.decompress ?? decompressPayload)(bytes, size);
}

function roundTrip(member: CompressorUnderTest, vector: Float32Array, random: Random) {
  return read(member, member.compressor.compress(vector, random, shape), vector.length);
}

function drawsAtRandom(member: CompressorUnderTest): boolean {
  const vector = heavyTailed(randomFrom("which"));
  const [a, b] = ["a", "b"].map((seed) => roundTrip(member, vector, randomFrom(seed)));
  return String(a) !== String(b);
}

/** Cubes of normals over a uniform number: a few entries are nearly all of it. */
function heavyTailed(random: Random, size = length): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: size },
    () => random.normal() ** 3 / (0.01 + random.uniform()),
  );
}

/** |v|^2 in double precision. */
function squared(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value ** 2;
  return sum;
}
