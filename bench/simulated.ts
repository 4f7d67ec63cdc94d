import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomFrom } from "../src/core/random.ts";
import { type RunEvent, type Trained, train } from "../src/index.ts";
import type { EvaluatedEvent } from "../src/ports/events.ts";
import type { RunInput } from "../src/run/resolve-spec.ts";

/** One simulated run and the original problem's objective along it. */
export interface Simulated extends Omit<Trained, "result"> {
  /** What a bench runs is not private: its objective is there. */
  readonly result: Trained["result"] & { readonly objective: number };
  /** One for every evaluated round, ascending; the last is the end. */
  readonly curve: readonly EvaluatedEvent[];
}

/** Runs specs on the simulated backend within one temporary home: data are encoded once. */
export async function simulations(): Promise<{
  run(spec: RunInput, listen?: (event: RunEvent) => void): Promise<Simulated>;
  close(): Promise<void>;
}> {
  const home = await mkdtemp(join(tmpdir(), "kofn-bench-"));
  return {
    async run(spec, listen) {
      const trained = await train(spec, { backend: "simulated", home, ...(listen && { listen }) });
      const curve = await evaluatedOf(home, trained.run);
      const { result } = trained;
      return { ...trained, result: { ...result, objective: result.objective! }, curve };
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

async function evaluatedOf(home: string, run: string): Promise<EvaluatedEvent[]> {
  const { withOpenRun } = await import("../src/platform/training/open-run.ts");
  const { readHistory } = await import("../src/run/finish.ts");
  return withOpenRun({ home }, run, async ({ store }) =>
    (await readHistory(store, run)).filter((event) => event.type === "evaluated"),
  );
}

/** `count` of the slots 0 to `workers` - 1, another choice for every label. */
export function someSlots(workers: number, count: number, label: string): number[] {
  const random = randomFrom(label);
  const slots = Array.from({ length: workers }, (_, slot) => slot);
  for (let i = slots.length - 1; i > 0; i--) {
    const other = random.integer(i + 1);
    [slots[i], slots[other]] = [slots[other]!, slots[i]!];
  }
  return slots.slice(0, count).sort((a, b) => a - b);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `--name value` from the command line as a number. */
export function numberOption(name: string, usual: number): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return usual;
  const value = Number(process.argv[at + 1]);
  if (!Number.isFinite(value)) throw new Error(`--${name} takes a number`);
  return value;
}
