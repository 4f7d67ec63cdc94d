import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { type RunEvent, type RunInput, resume, train } from "../../src/index.ts";
// All of kofn that this uses: its public face, and a store to read and to fill.
import { openHome } from "../../src/platform/local/home.ts";
import { plantSecrets } from "../bits/perform.ts";

export const goldenFolder = join(import.meta.dirname, "../../test/vectors/goldens");

/** The names of the two runs of a golden: one that ended, and one stopped on its way. */
export const wholeRun = "whole";
export const partRun = "part";
const stopAfterRound = 2;

/** A store as some version of kofn left it, and what its runs came to. */
export interface Golden {
  readonly arithmetic: number;
  /** Of the run that ended: its replay comes to the same. */
  readonly whole: string;
  /** Of the run that was stopped, once it had gone on to its end. */
  readonly resumed: string;
  /** By key, in base64. */
  readonly objects: Readonly<Record<string, string>>;
}

export const readGolden = (bytes: Uint8Array) =>
  JSON.parse(gunzipSync(bytes).toString("utf8")) as Golden;

export const goldenBytes = (golden: Golden) => gzipSync(JSON.stringify(golden), { level: 9 });

/** A temporary home, gone afterwards. */
export async function withTemporaryHome<T>(use: (home: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), "kofn-golden-"));
  return use(home).finally(() => rm(home, { recursive: true, force: true }));
}

/** Runs a spec to its end, and again to a stop on its way. Returns the digest of the first. */
export async function trainBoth(spec: RunInput, home: string): Promise<string> {
  const options = { home, backend: "simulated" };
  const { result } = await train(spec, { ...options, name: wholeRun });
  const stop = new AbortController();
  const listen = (event: RunEvent) => {
    if (event.type === "round" && event.round >= stopAfterRound) stop.abort();
  };
  const part = await train(spec, { ...options, name: partRun, listen, signal: stop.signal });
  if (part.stop !== "interrupted") throw new Error(`it was not stopped but ${part.stop}`);
  return result.weightsDigest;
}

/** A golden of this spec, as this kofn leaves it. */
export function makeGolden(spec: RunInput): Promise<Golden> {
  return withTemporaryHome(async (home) => {
    if (spec.privacy !== undefined)
      for (const run of [wholeRun, partRun]) await plantSecrets(home, run, spec.workers);
    const whole = await trainBoth(spec, home);
    const objects = await objectsOf(home);
    const resumed = await resume(partRun, { home });
    if (resumed.stop !== "done") throw new Error(`it did not end: ${resumed.reason}`);
    const record = JSON.parse(
      Buffer.from(objects[`runs/${wholeRun}/run.json`]!, "base64").toString("utf8"),
    ) as { readonly arithmetic?: number };
    return {
      arithmetic: record.arithmetic ?? 1,
      whole,
      resumed: resumed.result.weightsDigest,
      objects,
    };
  });
}

/**
 * Throws unless a golden is of the arithmetic that this kofn computes in: otherwise it says nothing
 * about this kofn, and whoever raises the arithmetic has to record it anew.
 */
export function checkGoldenArithmetic(name: string, golden: Golden, arithmetic: number): void {
  if (golden.arithmetic === arithmetic) return;
  throw new Error(
    `the golden ${name} is of arithmetic ${golden.arithmetic} and this kofn computes in ` +
      `${arithmetic}: record goldens anew with node scripts/write-goldens.ts, in the commit that ` +
      "raises it. That records the promised names anew as well, and it refuses to lose one: a " +
      "rename must not hide behind other numbers",
  );
}

/** Puts a golden's objects into an empty home. */
export async function restoreGolden({ objects }: Golden, home: string): Promise<void> {
  const { store, close } = await openHome(home);
  for (const [key, base64] of Object.entries(objects))
    await store.write(key, new Uint8Array(Buffer.from(base64, "base64")));
  await close();
}

/** What an end is told by, and is computed again. */
const artifacts = /\/model\.safetensors$/;

async function objectsOf(home: string): Promise<Record<string, string>> {
  const { store, close } = await openHome(home);
  const objects: Record<string, string> = {};
  for (const key of await store.list("")) {
    if (artifacts.test(key)) continue;
    objects[key] = Buffer.from((await store.read(key))!).toString("base64");
  }
  await close();
  return objects;
}
