import { tokensOf } from "../corpus/vocabulary.ts";
import { windowsOf } from "../corpus/windows.ts";
import type { Preparation } from "../manifests.ts";
import type { Source } from "../sources/source.ts";
import { decoded } from "./prepare-text.ts";
import type { Batch } from "./transform.ts";

const batchRows = 256;

/** A text as the rows a model was trained on, one after another, none overlapping. */
export async function* textBatches(
  { vocabulary, length }: NonNullable<Preparation["text"]>,
  source: Source,
): AsyncGenerator<Batch> {
  const chunks = decoded(source, 0, Number.POSITIVE_INFINITY, () => undefined);
  let tokens: number[] = [];
  let targets: number[] = [];
  let firstRow = 0;
  const batch = (): Batch => {
    const rows = targets.length;
    const values = Float32Array.from(tokens);
    const made = {
      rows: { kind: "dense", rows, columns: length, values } as const,
      targets: Float32Array.from(targets),
      firstRow,
    };
    firstRow += rows;
    tokens = [];
    targets = [];
    return made;
  };
  const stream = tokensOf(vocabulary, chunks, source.name);
  for await (const window of windowsOf(stream, { length })) {
    tokens.push(...window.tokens);
    targets.push(window.target);
    if (targets.length === batchRows) yield batch();
  }
  if (targets.length > 0) yield batch();
}
