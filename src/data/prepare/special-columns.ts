import { type FoundColumn, type Layout, skipped } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";
import type { Input } from "./input.ts";
import { asideOf, type Note, tellAside } from "./layout.ts";

/**
 * Columns that once were read otherwise: content of that time must not be taken for this. Tells
 * which of them are left out.
 */
export async function specialColumns(
  input: Input,
  data: DataOptions,
  onNote: Note = () => undefined,
): Promise<readonly string[]> {
  if (input.isSparse || data.text !== undefined || data.generate !== undefined) return [];
  let found: readonly FoundColumn[] = [];
  const look: Layout = (columns) => {
    found = columns;
    return columns.map(({ name }) => skipped(name));
  };
  await input.table(look, () => undefined);
  const aside = asideOf(data, found);
  for (const column of aside) tellAside(column, input.name, onNote);
  const halves = found.filter(({ half }) => half === true);
  const marked = found.filter((column) => column.marked === true);
  return [
    ...aside.map(({ name }) => `${name}: left out`),
    ...halves.map(({ name }) => `${name}: numbers of two bytes`),
    ...marked.map(({ name }) => `${name}: numbers, some of them missing in words`),
  ];
}
