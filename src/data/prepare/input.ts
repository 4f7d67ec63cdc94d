import { RunError } from "../../core/errors.ts";
import { unzip } from "../formats/archive.ts";
import { type Format, formatOf, openTable } from "../formats/formats.ts";
import { hasIndexZero } from "../formats/libsvm.ts";
import type { Input } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";
import type { Source, SourceOpener } from "../sources/source.ts";
import type { TargetKind } from "./feature-column.ts";
import { generatedInput } from "./generated.ts";
import { type InputPart, joinedInput } from "./joined-input.ts";

/** The input that options name: generated, a file, or several files that are one table. */
export async function openInput(options: DataOptions, open: SourceOpener): Promise<Input> {
  if (options.generate !== undefined) return generatedInput(options.generate);
  const sources = asList(options.source);
  const lists = sources.map((source) => open.list?.(source) ?? [{ source, partition: {} }]);
  const files = (await Promise.all(lists)).flat();
  const [first] = files;
  if (files.length === 1 && Object.keys(first!.partition).length === 0)
    return fileInput(first!.source, options, open);
  const parts: InputPart[] = [];
  for (const { source, partition } of files)
    parts.push({ input: await fileInput(source, options, open), partition });
  return joinedInput(sources.join(", "), parts, options.missingValues);
}

/** The paths that a spec gives, be it one or a list. */
export function asList(source: DataOptions["source"] = ""): readonly string[] {
  return typeof source === "string" ? [source] : source;
}

/** The one file of data that are not a table. Throws `RunError` for a list. */
export function oneSource(source: DataOptions["source"], option: string): string {
  if (typeof source === "string") return source;
  throw new RunError("bad-option", `${option}: expected data.source, the path of one file`, {
    hint: "a list of files is for tables; join the files, or name one",
  });
}

async function fileInput(path: string, options: DataOptions, open: SourceOpener): Promise<Input> {
  const unzipped = await unzip(await open(path));
  const { source } = unzipped;
  const format: Format = await formatOf(source, options.format);
  const targets = (await targetsOf(options, format, open)) ?? unzipped.targets;
  return {
    name: source.name,
    format,
    isSparse: format === "libsvm",
    hasTargets: targets !== null,
    sizeBytes: source.sizeBytes,
    identity: async () =>
      targets === null
        ? source.identity()
        : `${await source.identity()} ${await targets.identity()}`,
    ...(format === "libsvm" ? { hasIndexZero: () => hasIndexZero(source) } : {}),
    table: (layout, onBytes, zeroBased = options.zeroBased === true) => {
      const reading = { ...options, zeroBased };
      return openTable(counted(source, onBytes), targets, format, reading, layout);
    },
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
    ...(source.file === undefined ? {} : { file: { path: source.file.path, passed: onBytes } }),
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

/** Options for an archive of arrays: it names its target as a file of targets does. */
export function withTarget(options: DataOptions, { hasTargets }: Input): DataOptions {
  if (hasTargets !== true || options.target !== undefined) return options;
  return { ...options, target: "target" };
}

/**
 * Whether indices of sparse rows count from 0: as stated, else where a 0 stands among them, in
 * either file. A private run learns nothing from its rows.
 */
export async function countsFromZero(
  { zeroBased = "auto" }: DataOptions,
  isPrivate: boolean,
  train: Input,
  test: Input | null,
): Promise<boolean> {
  if (zeroBased !== "auto") return zeroBased;
  if (isPrivate) return false;
  return (await train.hasIndexZero?.()) === true || (await test?.hasIndexZero?.()) === true;
}

/** Rows that a test file, an option or a problem does not go with. */
export function refuseFormats(
  { indexBuckets, generate }: DataOptions,
  train: Input,
  test: Input | null,
  task: TargetKind,
): void {
  if (indexBuckets !== undefined && (generate !== undefined || train.format !== "libsvm"))
    throw new RunError(
      "bad-option",
      `data.indexBuckets: ${indexBuckets}, but ${train.name} is ${train.format}`,
      { hint: "it is for LIBSVM; columns hash their words by data.columns: { x: { type: hash } }" },
    );
  if (test !== null && test.isSparse !== train.isSparse)
    throw new RunError("bad-format", `${test.name}: it is ${test.format}, not ${train.format}`, {
      hint: `give the test rows in the format of ${train.name}`,
    });
  if (train.isSparse && task === "ratings")
    throw new RunError("bad-format", `${train.name}: it is ${train.format}, expected columns`, {
      hint: "give ratings as CSV, NPY or Parquet with a column each for user, item and rating",
    });
}
