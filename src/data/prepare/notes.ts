import { inQuotes } from "../../core/text.ts";
import type { FoundColumn, Table } from "../formats/table.ts";

/** Hears what a person should know of a file. */
export type Note = (text: string) => void;

/** Notes that are told later, where it comes to that. */
export function heldNotes(onNote: Note = () => undefined) {
  const held: string[] = [];
  return {
    hold: (text: string) => void held.push(text),
    tell() {
      for (const text of held) onNote(text);
    },
  };
}

/** Tells that a column is left out, where it is. */
export function tellAside({ name, aside }: FoundColumn, file: string, onNote: Note): void {
  if (aside === undefined) return;
  onNote(`${file}: column ${inQuotes(name)} is left out: ${aside}`);
}

/** Tells what a reader found worth telling of rows, once all were read. */
export function tellNotes({ notes }: Pick<Table, "notes">, file: string, onNote: Note): void {
  for (const note of notes?.() ?? []) onNote(`${file}: ${note}`);
}
