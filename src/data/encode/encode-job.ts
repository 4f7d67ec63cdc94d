import type { Random } from "../../core/random.ts";
import type { Encoding } from "../../encoding/encoding.ts";
import type { Encoded, Part, Prepared } from "../manifests.ts";
import type { Packing } from "../parts/packing.ts";

/** What the encoders of dense and of sparse rows are given. */
export interface EncodeJob {
  readonly prepared: Prepared;
  readonly encoding: Encoding;
  readonly workers: number;
  readonly random: Random;
  /** Null where features are stored as they are. */
  readonly packing: Packing | null;
  /** Of one slot's buffer. */
  readonly partBytesMax: number;
  readonly onRows: (done: number) => void;
}

/** The random stream of one chunk: a chunk's code depends on nothing but its number. */
export function streamOf(random: Random, chunk: number): Random {
  return random.fork(`chunk/${chunk}`);
}

/** Finishes the slots' writers, in order. */
export async function closedWriter(
  writers: readonly { readonly rows: number; close(): Promise<readonly Part[]> }[],
): Promise<Encoded["slots"]> {
  const slots: Encoded["slots"][number][] = [];
  for (const writer of writers) {
    const parts = await writer.close();
    slots.push({ rows: writer.rows, parts });
  }
  return slots;
}
