import { hash } from "node:crypto";
import { jsonBytes } from "../core/json.ts";
import { sealedJson } from "../core/seals.ts";
import type { EvaluatedEvent, ResultEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import { checkDigest, damagedObject, parseStored, readableObject } from "../store-damage.ts";
import { evaluationKey, modelKey, resultKey } from "../store-layout.ts";

/** A result as it is stored: it says what the run's other last objects are. */
interface StoredResult extends ResultEvent {
  /** SHA-256 of each. Absent before they were noted. */
  readonly files?: { readonly model: string; readonly evaluation: string };
}

/** Writes what the end of a run leaves: the result last, as it names the others' digests. */
export async function writeEnd(
  store: Store,
  { run, model, evaluated, result }: RunEnd,
): Promise<void> {
  const evaluation = jsonBytes(evaluated);
  const files = {
    model: hash("sha256", model, "hex"),
    evaluation: hash("sha256", evaluation, "hex"),
  };
  await store.write(modelKey(run), model);
  await store.write(evaluationKey(run), evaluation);
  await store.write(resultKey(run), sealedJson(JSON.stringify({ ...result, files })));
}

export interface RunEnd {
  readonly run: string;
  /** The model file. */
  readonly model: Uint8Array;
  readonly evaluated: readonly EvaluatedEvent[];
  readonly result: ResultEvent;
}

/** A run's result, null while there is none. Throws `RunError` where it is damaged. */
export async function readResult(store: Store, run: string): Promise<ResultEvent | null> {
  const stored = await readStored(store, run);
  if (stored === null) return null;
  const { files: _, ...result } = stored;
  return result;
}

/** The evaluated curve; empty while there is none. Throws `RunError` where it is damaged. */
export async function readEvaluated(store: Store, run: string): Promise<EvaluatedEvent[]> {
  const key = evaluationKey(run);
  const digest = (await readStored(store, run))?.files?.evaluation;
  const bytes = await readNamed(store, key, digest);
  if (bytes === null) return [];
  const events = readableObject(
    key,
    () => JSON.parse(new TextDecoder().decode(bytes)) as EvaluatedEvent[],
  );
  if (Array.isArray(events)) return events;
  throw damagedObject(key, "it is no list of events");
}

/**
 * The model file as it is stored, and what the result says of its weights; null while there is
 * none. Throws `RunError` where it is not the one that the result names.
 */
export async function readModelObject(
  store: Store,
  run: string,
): Promise<{ readonly bytes: Uint8Array; readonly weightsDigest: string | undefined } | null> {
  const stored = await readStored(store, run);
  const bytes = await readNamed(store, modelKey(run), stored?.files?.model);
  return bytes === null ? null : { bytes, weightsDigest: stored?.weightsDigest };
}

async function readStored(store: Store, run: string): Promise<StoredResult | null> {
  const key = resultKey(run);
  const bytes = await store.read(key);
  if (bytes === null) return null;
  const stored = parseStored<StoredResult>(bytes, key);
  if (stored.type === "result" && stored.run === run) return stored;
  throw damagedObject(key, "it is not the result of this run");
}

/** An object that has this digest, where one is known; it must be there then. */
async function readNamed(
  store: Store,
  key: string,
  digest: string | undefined,
): Promise<Uint8Array | null> {
  const bytes = await store.read(key);
  if (digest === undefined) return bytes;
  if (bytes === null) throw damagedObject(key, "it is not in the store, and the result names it");
  checkDigest(bytes, key, digest);
  return bytes;
}
