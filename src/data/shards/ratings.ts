import { assert } from "../../core/errors.ts";
import type { SparseRows } from "../../math/rows.ts";
import type { Store } from "../../ports/store.ts";
import type { EncodeRequest } from "../encode/encode.ts";
import type { Encoded, Prepared } from "../manifests.ts";
import { digestOf, readPartManifest, writePartManifest } from "../parts/dense-parts.ts";
import { eachPart } from "../parts/load-parts.ts";

const formatVersion = 1;

/**
 * Ratings as they are, for workers that encode subproblems themselves: every slot reads all of
 * them, since a rating belongs to its user's and to its item's least squares, each with a code of
 * its own. The manifest counts the ratings of every user and item, which is what codes depend on.
 */
export async function shareRatings(
  prepared: Prepared,
  { encoding, chosen, workers, seed }: EncodeRequest,
  store: Store,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Encoded> {
  const digest = digestOf({
    formatVersion,
    ratings: prepared.digest,
    chosen,
    workers,
    seed,
  });
  const key = `encoded/${digest}.json`;
  const before = await readPartManifest<Encoded>(store, key, ({ slots }) => slots[0]!.parts);
  if (before !== null) return before;
  const slot = { rows: prepared.rows, parts: prepared.train };
  const encoded: Encoded = {
    version: 1,
    digest,
    prepared: prepared.digest,
    encoding: chosen,
    seed,
    workers,
    rows: prepared.rows,
    columns: prepared.columns,
    scale: encoding.scale(workers),
    slots: Array.from({ length: workers }, () => slot),
    ratings: await counted(prepared, store, onProgress),
  };
  await writePartManifest(store, key, encoded);
  return encoded;
}

async function counted(
  prepared: Prepared,
  store: Store,
  onProgress: (done: number, total: number) => void,
): Promise<NonNullable<Encoded["ratings"]>> {
  const [users, items] = sizesOf(prepared);
  const counts = new Float64Array(users + items);
  let done = 0;
  for await (const { rows } of eachPart(store, prepared.train, prepared.columns)) {
    const { indices, offsets } = rows as SparseRows;
    for (let row = 0; row < rows.rows; row++) {
      counts[indices[offsets[row]!]!]! += 1;
      counts[indices[offsets[row]! + 1]!]! += 1;
    }
    done += rows.rows;
    onProgress(done, prepared.rows);
  }
  return { users: [...counts.subarray(0, users)], items: [...counts.subarray(users)] };
}

function sizesOf({ preparation }: Prepared): [number, number] {
  const [users, items] = preparation.columns.map((plan) =>
    plan.kind === "category" ? plan.levels.length : 0,
  );
  assert(users !== undefined && items !== undefined, "ratings have two columns");
  return [users, items];
}
