import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { randomFrom } from "../../src/core/random.ts";
import { openPeer, type Peer } from "../steps/peer.ts";

const batch = 64;
const columns = 784;
const units = 128;
const classes = 10;
const steps = 10;
/** What a private step may take, in times of the plain one. */
const timesMax = 2.5;
/** Losses of steps along clipped sums may be so far apart, as a part of kofn's. */
const apartMax = 1e-4;

export interface WideOptions {
  readonly repetitions: number;
  /** Another checkout of kofn, of before. */
  readonly before: string | undefined;
  /** A Python that has torch and Opacus. */
  readonly python: string;
}

interface Contender {
  readonly peer: Peer;
  readonly name: string;
  readonly what: string;
}

/**
 * A step of 784-128-10 with batches of 64: plain, along the clipped sum, and with noise once,
 * beside torch's plain step and that of Opacus with ghost clipping, one thread each, by turns.
 * Milliseconds are processor time of the whole process. Along clipped sums without noise, kofn
 * and Opacus take the same steps, which is checked.
 */
export async function wideSteps(options: WideOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), "kofn-private-"));
  try {
    writeCase(folder);
    const { kofn, opened } = await contenders(options, folder);
    await checkSame(kofn, opened);
    const taken = new Map(opened.map(({ name }) => [name, [] as number[]]));
    for (let turn = -2; turn < options.repetitions; turn++)
      for (const { peer, name, what } of opened) {
        const { processorMs } = await peer.steps(what);
        if (turn >= 0) taken.get(name)!.push(processorMs / steps);
      }
    for (const { peer } of opened) peer.close();
    return tell(taken);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeCase(folder: string): void {
  const random = randomFrom("private steps");
  const rows = Float32Array.from({ length: steps * batch * columns }, () => random.uniform());
  const targets = Float32Array.from({ length: steps * batch }, () => random.integer(classes));
  const layer = (inputs: number, outputs: number) => [
    ...Array.from({ length: inputs * outputs }, () => random.normal() / Math.sqrt(inputs)),
    ...new Array<number>(outputs).fill(0),
  ];
  const start = Float32Array.from([...layer(columns, units), ...layer(units, classes)]);
  for (const [name, values] of Object.entries({ rows, targets, start }))
    writeFileSync(join(folder, `${name}.bin`), new Uint8Array(values.buffer));
  const about = { batch, columns, rate: 0.1, clip: 1, noise: 3.3 };
  writeFileSync(join(folder, "case.json"), JSON.stringify(about));
}

async function contenders({ before, python }: WideOptions, folder: string) {
  const script = join(import.meta.dirname, "private-steps.ts");
  const here = resolve(import.meta.dirname, "../..");
  const opened: Contender[] = [];
  const kofn = (await openPeer(process.execPath, [script, here, folder]))!;
  for (const what of ["plain", "clipped", "private"])
    opened.push({ peer: kofn, name: `kofn, ${what}`, what });
  const old =
    before === undefined
      ? null
      : await openPeer(process.execPath, [script, resolve(before), folder]);
  if (old !== null)
    for (const what of ["plain", "clipped", "private"])
      opened.push({ peer: old, name: `before, ${what}`, what });
  const opacus = await openPeer(python, [
    join(import.meta.dirname, "../peers/opacus_steps.py"),
    folder,
  ]);
  if (opacus !== null)
    for (const [what, name] of [
      ["plain", "torch, plain"],
      ["private", "Opacus, private, ghost clipping"],
    ] as const)
      opened.push({ peer: opacus, name, what });
  if (opacus !== null) console.log(`peer: ${opacus.version}; its noise is of floats, not exact`);
  return { kofn, opened };
}

/** Steps without noise come to the same weights, whoever clips: their plain losses tell. */
async function checkSame(kofn: Peer, opened: readonly Contender[]): Promise<void> {
  const opacus = opened.find(({ name }) => name.startsWith("Opacus"))?.peer;
  if (opacus === undefined) return;
  const ours = (await kofn.steps("unnoised")).losses;
  const theirs = (await opacus.steps("unnoised")).losses;
  const apart = Math.max(...ours.map((loss, step) => Math.abs(theirs[step]! / loss - 1)));
  const ends = `${ours[0]!.toFixed(5)} to ${ours.at(-1)!.toFixed(5)}`;
  console.log(`losses along clipped sums ${ends}; Opacus is ${apart.toExponential(1)} apart`);
  if (!(apart <= apartMax)) process.exitCode = 1;
}

function tell(taken: ReadonlyMap<string, readonly number[]>): object {
  const [plain, opacus] = ["kofn, plain", "Opacus, private, ghost clipping"].map((name) =>
    taken.get(name),
  );
  console.log(`${"784-128-10, a step of 64 rows".padEnd(34)}       ms     best  over kofn's plain`);
  const rows = [...taken].map(([name, times]) => {
    const [median, best] = [middle(times), Math.min(...times)];
    const over = middle(times.map((ms, turn) => ms / plain![turn]!));
    const shown = [median, best].map((ms) => ms.toFixed(2).padStart(9)).join("");
    console.log(`${name.padEnd(34)}${shown}${over.toFixed(2).padStart(10)}`);
    return { name, median, best, over };
  });
  const own = rows.find(({ name }) => name === "kofn, private")!;
  const theirs = opacus === undefined ? null : middle(opacus);
  const beside = theirs === null ? "" : `, ${(own.median / theirs).toFixed(2)} of Opacus' time`;
  console.log(`private over plain ${own.over.toFixed(2)} (at most ${timesMax})${beside}`);
  return { rows, timesMax };
}

function middle(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}
