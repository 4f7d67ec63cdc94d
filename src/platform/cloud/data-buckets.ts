import type { DataOptions } from "../../data/options.ts";

/** Every path or address that a spec's data come from. */
export function sourcesOf({ source, targetSource, test, pairs }: DataOptions): string[] {
  const vocabulary: object = pairs?.vocabulary ?? {};
  const files = [
    ...(typeof source === "string" ? [source] : (source ?? [])),
    ...(targetSource === undefined ? [] : [targetSource]),
    ...(typeof test === "string" ? [test] : []),
    ...("subwordNmt" in vocabulary ? [String(vocabulary.subwordNmt)] : []),
    ...("sentencePiece" in vocabulary ? [String(vocabulary.sentencePiece)] : []),
  ];
  return [...new Set(files)];
}

/** Whether a stage that reads from these buckets, or folders of them, reads all of the data. */
export function readsItself(data: DataOptions, buckets: readonly string[] = []): boolean {
  const sources = sourcesOf(data);
  const isOwn = (source: string) => buckets.some((own) => source.startsWith(`s3://${own}/`));
  return sources.length > 0 && sources.every(isOwn);
}
