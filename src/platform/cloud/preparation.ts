import * as z from "zod";
import { isErrorCode } from "../../core/error-codes/error-codes.ts";
import type { Store } from "../../ports/store.ts";
import { damagedObject } from "../../store-damage.ts";
import type { Effects } from "../../store-effects.ts";
import { preparationKey } from "../../store-layout.ts";

/** Reads sources and what there is of them already, and writes all that a run begins with. */
export const preparationEffects: Effects = {
  roles: ["preparer"],
  reads: ["parts", "encoded", "prepared", "networks", "run"],
  writes: ["parts", "encoded", "prepared", "networks", "record", "preparation"],
};

/** More of them, or longer ones, are cut: they are for a person to read. */
export const notesMax = 1_000;
export const noteCharacters = 10_000;

const shape = z.object({
  /** Whose: of two starts under one name, one prepares the run. */
  request: z.string().min(1).max(64),
  /** Raised every time that something is told. */
  told: z.int().min(0),
  phase: z
    .object({
      what: z.enum(["reading", "encoding", "planning"]),
      done: z.number().min(0),
      total: z.number().min(0),
    })
    .nullable(),
  notes: z.array(z.string().max(noteCharacters)).max(notesMax),
  /** Once it is over: the run's record is there, or why not. */
  end: z
    .union([
      z.literal("done"),
      z.object({
        code: z.string().refine(isErrorCode),
        message: z.string().max(100_000),
        hint: z.string().max(100_000).optional(),
      }),
    ])
    .nullable(),
});

/** How far a stage is with preparing a run: what its preparer tells whoever started it. */
export type Preparation = z.infer<typeof shape>;

/** What was told last; null before anything was. Throws `RunError` for an object of other shape. */
export async function readPreparation(store: Store, run: string): Promise<Preparation | null> {
  const key = preparationKey(run);
  const bytes = await store.read(key);
  if (bytes === null) return null;
  const parsed = shape.safeParse(plain(bytes));
  if (parsed.success) return parsed.data;
  throw damagedObject(key, "it is not what a preparer tells");
}

/** The first word of a preparer; false where this request's event came before. */
export async function beginPreparation(store: Store, run: string, told: Preparation) {
  const key = preparationKey(run);
  if (await store.writeOnce(key, bytesOf(told))) return true;
  if ((await readPreparation(store, run))?.request === told.request) return false;
  await store.write(key, bytesOf(told));
  return true;
}

export async function writePreparation(store: Store, run: string, told: Preparation) {
  await store.write(preparationKey(run), bytesOf(told));
}

function bytesOf(told: Preparation): Uint8Array {
  return Buffer.from(JSON.stringify(told));
}

function plain(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return null;
  }
}
