import { RunError } from "../core/errors.ts";
import { asMapping } from "../core/json.ts";
import { sealedJson } from "../core/seals.ts";
import type { Store } from "../ports/store.ts";
import { parseStored } from "../store-damage.ts";
import { notesKey } from "../store-layout.ts";

/** What a person wrote about a run, apart from its record: no run reads it. */
export interface RunNotes {
  readonly note: string;
  /** In their order, each once. */
  readonly tags: readonly string[];
}

export const noNotes: RunNotes = { note: "", tags: [] };

const noteCharactersMax = 500;
const tagsMax = 16;
const tagPattern = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,31}$/u;

/** Empty where nobody wrote anything. Throws `RunError` where they are damaged. */
export async function readNotes(store: Store, run: string): Promise<RunNotes> {
  const key = notesKey(run);
  const bytes = await store.read(key);
  if (bytes === null) return noNotes;
  const { note, tags } = asMapping(parseStored<unknown>(bytes, key)) ?? {};
  return { note: String(note ?? ""), tags: Array.isArray(tags) ? tags.map(String) : [] };
}

export function notesInWords({ note, tags }: RunNotes): string {
  return [tags.join(" "), note]
    .filter((text) => text !== "")
    .join(": ")
    .replace(/\p{Cc}+/gu, " ");
}

/** Throws `RunError` for a note that is too long, and for tags that are no words. */
export async function writeNotes(store: Store, run: string, written: RunNotes): Promise<RunNotes> {
  const note = written.note.replace(/\p{Cc}+/gu, " ").trim();
  const tags = [...new Set(written.tags)].sort();
  if (note.length > noteCharactersMax)
    throw new RunError("bad-option", `a note of ${note.length} characters`, {
      hint: `write at most ${noteCharactersMax}`,
    });
  const wrong = tags.find((tag) => !tagPattern.test(tag));
  if (wrong !== undefined || tags.length > tagsMax)
    throw new RunError(
      "bad-option",
      wrong === undefined ? `${tags.length} tags` : `${JSON.stringify(wrong)} is no tag`,
      { hint: `tags are words such as baseline or v2: at most ${tagsMax}, of 32 characters` },
    );
  await store.write(notesKey(run), sealedJson(JSON.stringify({ note, tags })));
  return { note, tags };
}
