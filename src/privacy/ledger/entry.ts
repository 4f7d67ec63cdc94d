import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import { parseOptions } from "../../core/registry.ts";
import { sealedJson, unsealedJson } from "../../core/seals.ts";
import { type MechanismUse, parseMechanismUse } from "../release.ts";

/** What a neighbouring data set differs in: a node's whole data, or one of its records. */
export const units = ["node", "record"] as const;

export type Unit = (typeof units)[number];

/** One release that a budget is charged for, from before it is published. Plain data. */
export interface LedgerEntry {
  /** Names what is released; the same name is charged once. */
  readonly id: string;
  readonly release: MechanismUse;
  readonly unit: Unit;
  /** Who can read what is released, in words. */
  readonly observers: string;
  /** Where in the store it is published. */
  readonly key: string;
}

const entryBytesMax = 64 * 1024;

const schema = z.strictObject({
  id: z.string().min(1).max(500),
  release: z.looseObject({}),
  unit: z.enum(units),
  observers: z.string().min(1).max(2_000),
  key: z.string().min(1).max(1_024),
});

/** An entry as it is stored, with its own digest. */
export function entryBytes(entry: LedgerEntry): Uint8Array {
  return sealedJson(JSON.stringify(entry));
}

/** An entry from the store. Throws `RunError`: a budget cannot be told from what is damaged. */
export function parseEntry(bytes: Uint8Array, place: string): LedgerEntry {
  const damaged = (cause?: unknown) =>
    new RunError("bad-ledger", `${place}: it is no entry of a privacy ledger`, {
      hint: "nothing more is released under this ledger: what was spent is not known",
      cause,
    });
  if (bytes.length > entryBytesMax) throw damaged();
  const { text, seal } = unsealedJson(bytes);
  if (seal === "wrong") throw damaged();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damaged(cause);
  }
  const { release, ...rest } = parseOptions(schema, json, place);
  return { ...rest, release: parseMechanismUse(release, `${place}.release`) };
}
