import { handOver } from "../hand-over.ts";
import { tellBounds } from "./bound.ts";
import { boundNames, raceGradients } from "./gradient.ts";
import { openNumPy } from "./numpy.ts";
import type { Taken } from "./race.ts";
import { raceEncoding, raceSelection } from "./vectors.ts";

/** Hot loops against NumPy and TensorFlow.js, one thread each, side by side in one run. */
const [rows = 131_072, columns = 1024, repetitions = 15] = process.argv.slice(2).map(Number);
const sizes = { rows, columns, storedRows: 1024, width: 256, vectorLength: 1 << 20 };
const numpy = await openNumPy(sizes);
const megabytes = (rows * columns * 4) / 2 ** 20;
const peer = numpy === null ? "" : `NumPy ${numpy.version}`;
await tellBounds(columns);
console.log(`gradient over ${rows} x ${columns} rows, ${megabytes.toFixed(0)} MiB as float32`);
const gradients = await raceGradients(rows, columns, numpy, repetitions);
print(gradients, peer, (name) => rows * columns * itemBytes(name));
const { storedRows, width, vectorLength } = sizes;
console.log(
  `encoding ${storedRows / 2} rows of ${width} as ${storedRows}, float64 but for NumPy's`,
);
const encodings = await raceEncoding(sizes, numpy, 4 * repetitions);
print(encodings, "NumPy, dense product", () => 8 * storedRows * width);
console.log(`a vector of ${vectorLength} float32`);
const selections = await raceSelection(sizes, numpy, 4 * repetitions);
print(selections, "NumPy argpartition", () => 4 * vectorLength);
numpy?.close();
const results = { gradients, encodings, selections };
handOver({ bench: "kernels", rows, columns, peer, results });

function itemBytes(name: string): number {
  return name.includes("bfloat16") ? 2 : name.includes("int8") ? 1 : 4;
}

/**
 * Milliseconds, bytes gone through a second, as a share of what NumPy only reads a second, how near
 * it is to the bound of lanes, and how many times as quick as the peer: by medians, by best.
 */
function print(race: Record<string, Taken>, against: string, bytesOf: (name: string) => number) {
  const reading = race["NumPy, reading alone"];
  const peerOf = (name: string) =>
    race[/logistic/.test(name) ? "NumPy, logistic" : against] ?? race[against];
  const heads = ["median ms", "best ms", "GB/s", "of reading", "of bound", "x peer", "x by best"];
  console.log("".padEnd(32) + heads.map((head) => head.padStart(11)).join(""));
  for (const [name, { medianMs, bestMs }] of Object.entries(race)) {
    const speed = bytesOf(name) / medianMs / 1e6;
    const cells: (number | null)[] = [medianMs, bestMs, speed];
    cells.push(reading ? (speed / bytesOf("")) * reading.medianMs * 1e6 : null);
    const bound = race[/int8/.test(name) ? boundNames.bytes : boundNames.floats];
    cells.push(bound && /kofn (?!bfloat16)/.test(name) ? bound.medianMs / medianMs : null);
    const reference = peerOf(name);
    cells.push(reference ? reference.medianMs / medianMs : null);
    cells.push(reference ? reference.bestMs / bestMs : null);
    const texts = cells.map((cell) => (cell === null ? "" : cell.toFixed(2)).padStart(11));
    console.log(name.padEnd(32) + texts.join(""));
  }
}
