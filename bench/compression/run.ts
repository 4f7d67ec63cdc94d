import type { Compressor } from "../../src/compression/compressor.ts";
import { decompress } from "../../src/compression/payload.ts";
import { compressors } from "../../src/compression/registry.ts";
import { randomFrom } from "../../src/core/random.ts";
import { largestMagnitudes } from "../../src/math/kernels/vectors.ts";
import { handOver } from "../hand-over.ts";
import { openNumPy } from "../kernels/numpy.ts";
import { type Contestant, race } from "../kernels/race.ts";

/**
 * Compressing and decompressing a vector, in GB of float32 a second and bytes of payload, against
 * NumPy's argpartition, which only finds the greatest hundredth, and against a copy. One thread.
 *
 * `LENGTH REPETITIONS`: 1048576 and 30 where absent.
 */
const [vectorLength = 1 << 20, repetitions = 30] = process.argv.slice(2).map(Number);
const sizes = { rows: 1024, columns: 64, storedRows: 64, width: 16, vectorLength };
const numpy = await openNumPy(sizes);
const random = randomFrom("vector");
const vector = Float32Array.from({ length: vectorLength }, () => random.normal());
const chosen = [
  { type: "none" },
  { type: "top-k", k: "1%" },
  { type: "sign-top-k", k: "1%" },
  { type: "q-top-k", k: "1%" },
  { type: "random-k", k: "1%" },
  { type: "sign" },
  { type: "qsgd" },
  { type: "s-level" },
  { type: "rotated" },
  { type: "power", rank: 2 },
];
const side = Math.round(Math.sqrt(vectorLength));
const shape = side * side === vectorLength ? [side, side] : [vectorLength];

const contestants: Contestant[] = [
  { name: "copy", run: () => vector.slice() },
  {
    name: "greatest 1 % alone",
    run: () => largestMagnitudes(vector, Math.floor(vectorLength / 100)),
  },
];
const peer = "NumPy argpartition";
if (numpy !== null) contestants.push({ name: peer, ask: () => numpy.time("select") });
const payloadBytes: Record<string, number> = {};
for (const config of chosen) {
  const { type } = config;
  const compressor: Compressor = compressors.create(config);
  const payload = compressor.compress(vector, randomFrom(1), shape);
  payloadBytes[`${type}, in`] = payload.length;
  contestants.push(
    {
      name: `${type}, in`,
      run: () => compressor.compress(vector, randomFrom(1), shape),
      times: 0.5,
    },
    { name: `${type}, out`, run: () => decompress(payload, vectorLength), times: 0.5 },
  );
}
const taken = await race(contestants, repetitions);
numpy?.close();

console.log(`a vector of ${vectorLength} float32, ${(4 * vectorLength) / 2 ** 20} MiB`);
const heads = ["median ms", "best ms", "GB/s", "bytes", "x smaller", "x peer"];
console.log("".padEnd(24) + heads.map((head) => head.padStart(11)).join(""));
const results = Object.entries(taken).map(([name, { medianMs, bestMs }]) => {
  const gigabytesPerSecond = (4 * vectorLength) / medianMs / 1e6;
  const bytes = payloadBytes[name] ?? null;
  const timesPeer = taken[peer] === undefined ? null : taken[peer].medianMs / medianMs;
  const cells = [
    medianMs.toFixed(2),
    bestMs.toFixed(2),
    gigabytesPerSecond.toFixed(2),
    bytes === null ? "" : String(bytes),
    bytes === null ? "" : ((4 * vectorLength) / bytes).toFixed(1),
    timesPeer === null ? "" : timesPeer.toFixed(2),
  ];
  console.log(name.padEnd(24) + cells.map((cell) => cell.padStart(11)).join(""));
  return { name, medianMs, bestMs, gigabytesPerSecond, bytes, timesPeer };
});
handOver({ bench: "compression", vectorLength, peer: numpy?.version, results });
