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

export interface Sent {
  readonly payload: Uint8Array<ArrayBuffer>;
  /** What the payload stands for. */
  readonly told: Float32Array<ArrayBuffer>;
  /** For the next time; null where nothing is remembered. */
  readonly memory: Float64Array<ArrayBuffer> | null;
}

/** The payload of a vector, given what is remembered from the last; null for zeros. */
export function send(
  { compressor, feedback }: { readonly compressor: Compressor; readonly feedback: Feedback },
  vector: Float64Array,
  memory: Float64Array | null,
  random: Random,
): Sent {
  const sign = feedback === "none" ? 0 : feedback === "ef21" ? -1 : 1;
  const wanted = Float64Array.from(vector, (value, i) => value + sign * (memory?.[i] ?? 0));
  const payload = compressor.compress(Float32Array.from(wanted), random);
  const told = decompress(payload, vector.length);
  if (feedback === "none") return { payload, told, memory: null };
  // Error feedback keeps what is missing; EF21 what the receiver knows from now on.
  const kept =
    feedback === "ef21"
      ? told.reduce(
          (sum, value, i) => {
            sum[i]! += value;
            return sum;
          },
          Float64Array.from(memory ?? new Float64Array(vector.length)),
        )
      : wanted.map((value, i) => value - told[i]!);
  return { payload, told, memory: kept };
}
