import { raceGradients } from "./gradient.ts";
import { openNumPy } from "./numpy.ts";
import type { Taken } from "./race.ts";

/** Hot loops against NumPy and TensorFlow.js, one thread each, side by side in one run. */
const [rows = 131_072, columns = 1024, repetitions = 15] = process.argv.slice(2).map(Number);
const sizes = { rows, columns, storedRows: 1024, width: 256, vectorLength: 1 << 20 };
const numpy = await openNumPy(sizes);
const megabytes = (rows * columns * 4) / 2 ** 20;
console.log(`gradient over ${rows} x ${columns} rows, ${megabytes.toFixed(0)} MiB as float32`);
const gradients = await raceGradients(rows, columns, numpy, repetitions);
printRace(gradients, `NumPy ${numpy?.version}`, (name) => rows * columns * itemBytes(name));
numpy?.close();
console.log(JSON.stringify({ bench: "kernels", rows, columns, gradients }));

function itemBytes(name: string): number {
  return name.includes("bfloat16") ? 2 : name.includes("int8") ? 1 : 4;
}

/** Milliseconds, bytes a second of what is stored, and times as quick as the peer. */
function printRace(race: Record<string, Taken>, peer: string, bytes: (name: string) => number) {
  const reading = race["NumPy, reading alone"];
  const reference = race[peer];
  console.log(`${"".padEnd(28)}   median     best   GB/s  of reading  as quick as ${peer}`);
  for (const [name, { medianMs, bestMs }] of Object.entries(race)) {
    const share =
      reading === undefined ? "" : (bytes(name) / bytes("") / medianMs) * reading.medianMs;
    const ratio = reference === undefined ? "" : reference.medianMs / medianMs;
    const best = reference === undefined ? "" : reference.bestMs / bestMs;
    const cells = [medianMs, bestMs, bytes(name) / medianMs / 1e6, share, ratio, best];
    const text = cells
      .map((cell) => (typeof cell === "string" ? cell : cell.toFixed(2)).padStart(9))
      .join("");
    console.log(name.padEnd(28) + text);
  }
}
