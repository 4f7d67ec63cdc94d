import { createHash } from "node:crypto";
import { type RunEvent, train } from "../../src/index.ts";
// All of kofn that this uses: its public face, and a store to put secrets into.
import { openHome } from "../../src/platform/local/home.ts";
import type { BitsRun } from "./runs.ts";

/** What a run promises to be again, whoever rewrites the code. */
export interface Bits {
  readonly rounds: number;
  /** Of the final weights. */
  readonly weights: string;
  /** Of every arrival's task, slot, time and fate: on a virtual clock these come again too. */
  readonly arrivals: string | null;
}

export interface Performed extends Bits {
  readonly arithmetic: number;
}

/** Runs it in this home, under its own name. Throws where it does not end as it should. */
export async function perform(name: string, run: BitsRun, home: string): Promise<Performed> {
  const { spec, backend } = run;
  if (spec.privacy !== undefined) await plantSecrets(home, name, spec.workers ?? 16);
  const arrivals = createHash("sha256");
  const listen = (event: RunEvent) => {
    if (event.type !== "arrival") return;
    const { task, slot, startedMs, atMs, fate } = event;
    arrivals.update(JSON.stringify([task, slot, startedMs, atMs, fate]));
  };
  const { result, stop, reason } = await train(spec, { backend, home, name, listen });
  if (stop !== "done") throw new Error(`${name} was not done: ${reason}`);
  return {
    rounds: result.rounds,
    weights: result.weightsDigest,
    arrivals: backend === "simulated" ? arrivals.digest("hex") : null,
    arithmetic: await arithmeticOf(home, name),
  };
}

/**
 * Noise hangs on secrets that the operating system gives; where one is there already it is used.
 * A door for tests alone: whoever knows a run's secrets knows its noise.
 */
export async function plantSecrets(home: string, run: string, workers: unknown): Promise<void> {
  const { store, close } = await openHome(home);
  const owners = [...Array(Number(workers)).keys(), "aggregator"];
  for (const owner of owners) {
    const secret = createHash("sha256").update(`${run}/${owner}`).digest();
    await store.writeOnce(`secrets/${run}/node-${owner}`, secret);
  }
  await close();
}

async function arithmeticOf(home: string, run: string): Promise<number> {
  const { store, close } = await openHome(home);
  const bytes = await store.read(`runs/${run}/run.json`);
  await close();
  const record = JSON.parse(new TextDecoder().decode(bytes!)) as { readonly arithmetic?: number };
  return record.arithmetic ?? 1;
}
