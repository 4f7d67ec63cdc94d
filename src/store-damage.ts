import { hash } from "node:crypto";
import { RunError } from "./core/errors.ts";
import { unsealedJson } from "./core/seals.ts";
import type { Store } from "./ports/store.ts";

/**
 * What to do about a damaged object, by its key. What can be computed again is; of a run's record,
 * state and events only a copy helps, and nobody is told to remove them.
 */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /^runs\/[^/]+\/run\.json$/,
    "put back a copy of it; without one this run cannot be read: start it anew by kofn run SPEC",
  ],
  [
    /^runs\/[^/]+\/state\.safetensors$/,
    "put back a copy of it; without one the run cannot go on: start it anew by kofn run SPEC",
  ],
  [
    /^runs\/[^/]+\/events\//,
    "put back a copy of it; without one the run's history is not whole, while kofn predict and " +
      "kofn export still read its model",
  ],
  [
    /^runs\/[^/]+\/(result\.json|evaluation\.json|model\.safetensors)$/,
    "kofn resume RUN makes it again from the run's checkpoint",
  ],
  [/^runs\/[^/]+\/model\//, "put back a copy of it, or start the run anew by kofn run SPEC"],
  [
    /^runs\/[^/]+\/(round|ledger)\/|^secrets\//,
    "put back a copy of it; without one start the run anew: nothing more is released under it",
  ],
  [/^runs\//, "kofn resume RUN asks anew for what it was made from"],
  [/^(parts|prepared|encoded)\//, "kofn encode SPEC makes it again from the data"],
  [/^networks\//, "kofn run SPEC writes it again; then kofn resume RUN goes on"],
];

/** Stands in every message of damage, so that a reason that crossed a wire can be told by it. */
const mark = "it is damaged: ";

/** The error for a stored object that is not what was written: it, and what it should be. */
export function damagedObject(key: string, expectation: string, cause?: unknown): RunError {
  const hint = remedyFor(key);
  const code = key.startsWith("parts/") ? "bad-part" : "damaged-object";
  return new RunError(code, `${key}: ${mark}${expectation}`, {
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What to do about a damaged object of this key. */
export function remedyFor(key: string): string {
  return remedies.find(([pattern]) => pattern.test(key))?.[1] ?? "put back a copy of it";
}

/** Whether a reply was lost to damage: to ask for it again brings the same. */
export function isDamage(reason: string): boolean {
  return reason.includes(mark);
}

/** A reason that tells of damage, with what to do about it. */
export function withRemedy(reason: string): string {
  const key = reason
    .slice(0, reason.indexOf(`: ${mark}`))
    .split(" ")
    .at(-1)!;
  return `${reason}; ${remedyFor(key)}`;
}

/** Throws `RunError` where bytes are others than those with this digest. */
export function checkDigest(bytes: Uint8Array, key: string, sha256: string): void {
  const found = hash("sha256", bytes, "hex");
  if (found === sha256) return;
  throw damagedObject(key, `its SHA-256 is ${short(found)}, expected ${short(sha256)}`);
}

/** An object whose key may hold its digest. Throws `RunError` where its bytes have another. */
export async function readNamedObject(store: Store, key: string): Promise<Uint8Array | null> {
  const bytes = await store.read(key);
  const named = /\/([0-9a-f]{64})\.\w+$/.exec(key)?.[1];
  if (bytes !== null && named !== undefined) checkDigest(bytes, key, named);
  return bytes;
}

/** What `read` makes of a stored object; failures to read it become those of a damaged one. */
export function readableObject<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof RunError && isDamage(thrown.message)) throw thrown;
    if (!(thrown instanceof RunError) && !(thrown instanceof SyntaxError)) throw thrown;
    const [what = "it cannot be read"] = thrown.message.replace(`${key}: `, "").split("\n");
    throw damagedObject(key, what, thrown);
  }
}

/**
 * The mapping in a stored object's JSON, its own digest checked; `contentDigest`, where something
 * else says it, is of the text without that. Throws `RunError` where it is damaged.
 */
export function parseStored<T>(bytes: Uint8Array, key: string, contentDigest?: string): T {
  const { text, sha256, seal } = unsealedJson(bytes);
  if (seal === "wrong") throw damagedObject(key, "its text is not that of its own SHA-256");
  if (contentDigest !== undefined && contentDigest !== sha256)
    throw damagedObject(key, `its SHA-256 is ${short(sha256)}, expected ${short(contentDigest)}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damagedObject(key, "it is not JSON", cause);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as T;
  throw damagedObject(key, "it is no JSON mapping");
}

/** SHA-256 of a stored mapping's text, the same whether it is sealed or not. */
export function contentDigest(bytes: Uint8Array): string {
  return unsealedJson(bytes).sha256;
}

function short(sha256: string): string {
  return `${sha256.slice(0, 12)}…`;
}
