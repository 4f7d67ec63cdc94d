import { assert, RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import type { Chosen } from "../../core/registry.ts";
import type { Encoding } from "../../encoding/encoding.ts";
import { bounds } from "../../limits.ts";
import type { Storage } from "../../math/packing.ts";
import type { Store } from "../../ports/store.ts";
import type { Encoded, Prepared } from "../manifests.ts";
import { digestOf, readPartManifest, writePartManifest } from "../parts/dense-parts.ts";
import { Packing } from "../parts/packing.ts";
import { type Membership, RecordCoins } from "../parts/record-coins.ts";
import { type EncodeJob, encodeDense, encodeSparse } from "./encode-rows.ts";
import { workerEncodingOf } from "./worker-encoding.ts";

/** How to encode: an encoding with the name and options it was made from. */
export interface EncodeRequest {
  readonly encoding: Encoding;
  readonly chosen: Chosen;
  readonly workers: number;
  readonly seed: number;
  readonly storage?: Storage;
  /** What decides at which slot a row is; `records` of copies of rows alone. Absent: places. */
  readonly membership?: Membership | undefined;
  /** Of targets of numbers: rows keep their weights beside them, as the loss is not quadratic. */
  readonly keepsWeights?: boolean;
}

/** All slots' buffers together; as much again is being written. */
const buffersBytesMax = 64 * 1024 * 1024;
const formatVersion = 1;

/**
 * Encodes prepared training rows into one shard a slot, chunk by chunk, with a manifest at
 * `encoded/<digest>.json`; where workers do it themselves, the manifest is all there is. The same
 * rows, encoding, workers and seed give the same shards, and what is in the store already is not
 * made again. `onProgress` counts data rows.
 */
export async function encodeData(
  prepared: Prepared,
  request: EncodeRequest,
  store: Store,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Encoded> {
  const { encoding, chosen, workers, seed, storage = "float32", membership } = request;
  const isChecked = workers >= 1 && workers <= bounds.simulatedWorkersMax;
  assert(isChecked, "the number of workers was checked before");
  refuseWhatCannotBe(prepared, request);
  const isSparse = prepared.preparation.sparse;
  const byWorkers = isFormedByWorkers(encoding, isSparse);
  const byRecord = membership === "records";
  assert(!byRecord || (encoding.redundancy === 1 && !byWorkers), "records are dealt as they are");
  const plain = { formatVersion, prepared: prepared.digest, chosen, workers, seed };
  // Of linear problems that take weights, those of numbers are quadratic.
  const isOfNumbers = prepared.preparation.target.classes === null;
  const isScaled = prepared.weighted === true && isOfNumbers && request.keepsWeights !== true;
  const weighing = isScaled ? { rows: "scaled by the roots of their weights" } : {};
  const content = { ...plain, ...(byRecord ? { membership } : {}), ...weighing };
  const digest = digestOf(storage === "float32" ? content : { ...content, storage });
  const key = `encoded/${digest}.json`;
  const before = await readPartManifest<Encoded>(store, key, (manifest) => [
    ...(manifest.raw?.parts ?? []),
    ...manifest.slots.flatMap((slot) => slot.parts),
  ]);
  if (before !== null) return before;
  const packing = Packing.of(storage);
  const job: EncodeJob = {
    packing,
    isScaled,
    prepared,
    encoding,
    workers,
    random: randomFrom(seed).fork("encode"),
    coins: byRecord ? new RecordCoins(seed, "slots") : null,
    partBytesMax: Math.min(bounds.shardPartBytes, Math.floor(buffersBytesMax / workers)),
    onRows: (done) => onProgress(done, prepared.rows),
  };
  const scaled = isScaled ? { scaled: true as const } : {};
  const slots = byWorkers
    ? workerEncodingOf(job)
    : await (isSparse ? encodeSparse : encodeDense)(job, store);
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
    slots,
    ...(packing === null ? {} : { storage: packing.summary() }),
    ...(byWorkers ? { raw: { parts: prepared.train, sparse: isSparse, ...scaled } } : {}),
  };
  await writePartManifest(store, key, encoded);
  return encoded;
}

function isFormedByWorkers(encoding: Encoding, isSparse: boolean): boolean {
  return encoding.encode === "workers" || (isSparse && encoding.mixes);
}

function refuseWhatCannotBe(prepared: Prepared, request: EncodeRequest): void {
  const { encoding, chosen, workers, storage = "float32" } = request;
  const isSparse = prepared.preparation.sparse;
  if (isSparse && encoding.mixes && encoding.encode === "ahead")
    throw new RunError(
      "sparse-mixing",
      `encoding ${chosen.type}: it mixes rows, and stored mixtures of sparse rows are dense`,
      {
        hint: "leave encode: ahead out: workers then keep the rows as they are and mix their sums",
      },
    );
  if (storage !== "float32" && (isSparse || isFormedByWorkers(encoding, isSparse)))
    throw notPacked(storage, isSparse);
  const refusal = encoding.refusal(workers);
  if (refusal !== null)
    throw new RunError("bad-workers", `encoding ${chosen.type}: ${refusal}`, {
      hint: "change the number of workers or the encoding",
    });
}

function notPacked(storage: Storage, isSparse: boolean): RunError {
  const why = isSparse
    ? "sparse rows are stored in float32 only: most of their bytes are indices"
    : "the workers form what they store of the data rows, which are in float32";
  return new RunError("not-packed", `data.storage: ${storage}: ${why}`, {
    hint: isSparse ? "leave data.storage out" : "leave data.storage out, or choose encode: ahead",
  });
}
