import { RunError } from "../../core/errors.ts";
import { inQuotes, nearest } from "../../core/text.ts";
import { newLevels, skipped } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";
import type { SourceOpener } from "../sources/source.ts";
import { openInput } from "./input.ts";

/** Some columns of a file as they are written there, row by row. */
export interface KeptColumns {
  /** The cells of the next rows: so many, or as many as are left. */
  take(rows: number): Promise<readonly (readonly string[])[]>;
  close(): Promise<void>;
}

/** Columns of a file by name. Throws `RunError` where it has none of that name. */
export async function keptColumns(
  names: readonly string[],
  source: string,
  reading: DataOptions,
  open: SourceOpener,
): Promise<KeptColumns> {
  const input = await openInput({ ...reading, source, generate: undefined }, open);
  if (input.isSparse)
    throw new RunError("bad-option", `--keep: ${names.join(", ")}: ${input.name} has no columns`, {
      hint: "leave it out: predictions have the number of their row",
    });
  const cells: string[][] = names.map(() => []);
  const table = await input.table(
    (found) => {
      const all = found.map(({ name }) => name);
      for (const name of names)
        if (!all.includes(name))
          throw new RunError("unknown-column", `--keep: ${input.name} has no ${inQuotes(name)}`, {
            hint: `${nearest(name, all)}choose from ${all.slice(0, 12).join(", ")}`,
          });
      return found.map(({ name, opaque }) => {
        const at = names.indexOf(name);
        if (at < 0 || opaque !== undefined) return skipped(name);
        const observe = (text: string) => cells[at]!.push(text);
        const column = { name, kind: "text", missing: "keep", isTarget: false } as const;
        return { ...column, levels: newLevels(0), observe };
      });
    },
    () => undefined,
  );
  const windows = table.windows()[Symbol.asyncIterator]();
  return {
    async take(rows) {
      while (cells.some((column) => column.length < rows))
        if ((await windows.next()).done === true) break;
      const taken = cells.map((column) => column.splice(0, rows));
      return Array.from({ length: rows }, (_, i) => taken.map((column) => column[i] ?? ""));
    },
    close: async () => void (await windows.return?.()),
  };
}
