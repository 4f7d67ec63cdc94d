import { RunError } from "../../core/errors.ts";
import { type Format, formatOf, openTable } from "../formats/formats.ts";
import type { Input } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";
import type { Source, SourceOpener } from "../sources/source.ts";
import { generatedInput } from "./generated.ts";

/** The input that options name. */
export async function openInput(options: DataOptions, open: SourceOpener): Promise<Input> {
  if (options.generate !== undefined) return generatedInput(options.generate);
  const source = await open(options.source ?? "");
  const format: Format = await formatOf(source, options.format);
  const targets = await targetsOf(options, format, open);
  return {
    name: source.name,
    format,
    isSparse: format === "libsvm",
    sizeBytes: source.sizeBytes,
    identity: async () =>
      targets === null
        ? source.identity()
        : `${await source.identity()} ${await targets.identity()}`,
    table: (layout, onBytes) =>
      openTable(counted(source, onBytes), targets, format, options, layout),
  };
}

async function targetsOf(
  { targetSource }: DataOptions,
  format: Format,
  open: SourceOpener,
): Promise<Source | null> {
  if (targetSource === undefined) return null;
  if (format === "npy") return open(targetSource);
  throw new RunError(
    "bad-option",
    `data.targetSource: ${targetSource}, but the data are ${format}`,
    {
      hint: "it is for NPY data; name the target's column by data.target instead",
    },
  );
}

/** The same source, telling how many bytes went by; what is read twice is told twice. */
function counted(source: Source, onBytes: (bytes: number) => void): Source {
  return {
    ...source,
    async *bytes() {
      for await (const chunk of source.bytes()) {
        onBytes(chunk.length);
        yield chunk;
      }
    },
    async range(from, to) {
      onBytes(to - from);
      return source.range(from, to);
    },
  };
}
