import { type FoundColumn, type Input, type Layout, skipped } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";
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
  let fileColumns: readonly FoundColumn[] = [];
  const look: Layout = (columns) => {
    fileColumns = columns;
    return columns.map(({ name }) => skipped(name));
  };
  await input.table(look, () => undefined);
  const aside = asideOf(data, fileColumns);
  for (const column of aside) tellAside(column, input.name, onNote);
  const halves = fileColumns.filter(({ half }) => half === true);
  const marked = fileColumns.filter((column) => column.marked === true);
  return [
    ...aside.map(({ name }) => `${name}: left out`),
    ...halves.map(({ name }) => `${name}: numbers of two bytes`),
    ...marked.map(({ name }) => `${name}: numbers, some of them missing in words`),
  ];
}
