import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bits, type Performed, perform } from "./bits/perform.ts";
import { bitsRuns } from "./bits/runs.ts";
import { buildFunctions } from "./build-functions.ts";

/*
 * `npm run bits`: runs over all strategies, encodings, waits, optimizers, compressions and privacy,
 * compared with the numbers that were recorded. Exit 1 where any differs. `--write` records,
 * `--only TEXT` takes the runs whose names hold it.
 */

export const bitsPath = join(import.meta.dirname, "../test/vectors/bits.json");

/** What the file holds: numbers of one arithmetic. */
export interface RecordedBits {
  readonly arithmetic: number;
  readonly runs: Readonly<Record<string, Bits>>;
}

export function recordedBits(): RecordedBits {
  if (!existsSync(bitsPath)) return { arithmetic: 0, runs: {} };
  return JSON.parse(readFileSync(bitsPath, "utf8")) as RecordedBits;
}

/** What differs, in words; null where nothing does. */
export function difference(recorded: Bits | undefined, now: Bits): string | null {
  if (recorded === undefined) return "not recorded: npm run bits -- --write";
  if (recorded.rounds !== now.rounds) return `rounds: ${recorded.rounds} were recorded`;
  if (recorded.weights !== now.weights) return `weights: ${recorded.weights} were recorded`;
  if (recorded.arrivals !== now.arrivals)
    return "the same weights by other arrivals: task names, times or fates changed";
  return null;
}

interface Options {
  readonly write: boolean;
  /** Runs whose names hold this. */
  readonly only: string;
}

async function performAll(
  { write, only }: Options,
  recorded: RecordedBits,
): Promise<{ found: Map<string, Performed>; differing: number }> {
  // The emulator runs bundles: those of the sources as they are now.
  await buildFunctions("dist/functions-bundled");
  const home = await mkdtemp(join(tmpdir(), "kofn-bits-"));
  const found = new Map<string, Performed>();
  let differing = 0;
  for (const [name, run] of Object.entries(bitsRuns)) {
    if (!name.includes(only)) continue;
    const bits = await perform(name, run, home).catch((thrown: Error) => thrown);
    const why = bits instanceof Error ? bits.message : difference(recorded.runs[name], bits);
    if (bits instanceof Error || (why !== null && !write)) differing++;
    if (!(bits instanceof Error)) found.set(name, bits);
    const columns = [
      name.padEnd(36),
      String(run.spec.workers).padStart(3),
      bits instanceof Error ? "failed" : bits.weights.slice(0, 12),
      why ?? "same",
    ];
    console.log(columns.join("  "));
  }
  await rm(home, { recursive: true });
  return { found, differing };
}

async function main(options: Options): Promise<number> {
  const recorded = recordedBits();
  const { found, differing } = await performAll(options, recorded);
  const [arithmetic, ...others] = new Set([...found.values()].map((bits) => bits.arithmetic));
  if (arithmetic === undefined || others.length > 0)
    throw new Error(`the runs are of ${others.length + 1} arithmetics, expected 1`);
  if (!options.write) {
    if (arithmetic !== recorded.arithmetic)
      console.log(`recorded by arithmetic ${recorded.arithmetic}, now it is ${arithmetic}`);
    console.log(`${found.size} runs, ${differing} differ`);
    return differing === 0 && arithmetic === recorded.arithmetic ? 0 : 1;
  }
  if (differing > 0) {
    console.log(`${differing} runs failed: nothing was recorded`);
    return 1;
  }
  const bits = Object.fromEntries(
    [...found].map(([name, { arithmetic: _, ...kept }]) => [name, kept]),
  );
  const runs = options.only === "" ? bits : { ...recorded.runs, ...bits };
  writeFileSync(bitsPath, `${JSON.stringify({ arithmetic, runs }, null, 1)}\n`);
  console.log(`${found.size} runs of arithmetic ${arithmetic} recorded`);
  return 0;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { write: { type: "boolean", default: false }, only: { type: "string", default: "" } },
  });
  process.exitCode = await main(values);
}
