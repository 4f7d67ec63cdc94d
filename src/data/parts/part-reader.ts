import type { Store } from "../../ports/store.ts";
import type { Part } from "../manifests.ts";
import type { ChunkPiece } from "./dense-chunks.ts";
import { eachPart } from "./load-parts.ts";

/** Stored parts of the training rows, told by their numbers in ascending order, as pieces. */
export async function* partReader(
  store: Store,
  parts: readonly Part[],
  columns: number,
  numbers: Iterable<number> = parts.keys(),
): AsyncGenerator<ChunkPiece> {
  const starts: number[] = [];
  let rows = 0;
  for (const part of parts) {
    starts.push(rows);
    rows += part.rows;
  }
  const wanted = [...numbers];
  let at = 0;
  const chosen = wanted.map((number) => parts[number]!);
  for await (const examples of eachPart(store, chosen, columns))
    yield { start: starts[wanted[at++]!]!, examples };
}
