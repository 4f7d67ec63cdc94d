import * as z from "zod";
import type { Random } from "../core/random.ts";
import type { Compressor } from "./compressor.ts";
import { decompress } from "./payload.ts";

/**
 * What becomes of what a compressor leaves out. `error-feedback`: it is remembered and added to
 * the next vector, so all that was sent and the memory add up to all that was to be sent.
 * `ef21`: the memory is what the receiver knows, and only what has changed since is sent; the
 * receiver adds it to what it knew. `none`: it is lost, which only unbiased compressors forgive.
 */
export const feedbacks = ["error-feedback", "ef21", "none"] as const;

export type Feedback = (typeof feedbacks)[number];

export const feedbackOption = z
  .enum(feedbacks)
  .default("error-feedback")
  .describe(
    "what becomes of what is left out: added to the next update (error-feedback), or the update " +
      "is told as a change of the last (ef21), or lost (none)",
  );

export interface CompressedUpdate {
  readonly payload: Uint8Array<ArrayBuffer>;
  /** What the payload stands for. */
  readonly told: Float32Array<ArrayBuffer>;
  /** For the next time; null where nothing is remembered. */
  readonly memory: Float64Array<ArrayBuffer> | null;
}

/** The payload of a vector, given what is remembered from the last; null for zeros. */
export function compressUpdate(
  { compressor, feedback }: { readonly compressor: Compressor; readonly feedback: Feedback },
  vector: Float64Array,
  memory: Float64Array | null,
  random: Random,
): CompressedUpdate {
  const { length } = vector;
  const sign = feedback === "none" || memory === null ? 0 : feedback === "ef21" ? -1 : 1;
  const wanted = new Float64Array(length);
  for (let i = 0; i < length; i++)
    wanted[i] = sign === 0 ? vector[i]! : vector[i]! + sign * memory![i]!;
  const payload = compressor.compress(new Float32Array(wanted), random);
  const sent = decompress(payload, length);
  if (feedback === "none") return { payload, told: sent, memory: null };
  // Error feedback keeps what is missing; EF21 what the receiver knows from now on.
  const kept = wanted;
  for (let i = 0; i < length; i++)
    kept[i] = feedback === "ef21" ? (memory?.[i] ?? 0) + sent[i]! : wanted[i]! - sent[i]!;
  return { payload, told: sent, memory: kept };
}
