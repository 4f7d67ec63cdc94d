import * as z from "zod";
import { type Feedback, feedbackOption } from "../compression/feedback.ts";
import { compressors } from "../compression/registry.ts";
import { type Chosen, parseOptions } from "../core/registry.ts";

const feedbackSchema = z.strictObject({ feedback: feedbackOption });

/** A spec's `compression`, complete: the compressor's options and `feedback` side by side. */
export function resolveCompression(config: { readonly type: string }): Chosen {
  const { feedback: given, ...rest } = config as Chosen;
  const { feedback } = parseOptions(feedbackSchema, { feedback: given }, "compression");
  return { ...compressors.resolve(rest as Chosen, "compression"), feedback };
}

/** What a resolved `compression` says: float32 as it is where it is absent. */
export function compressionOf(resolved: Chosen | undefined): {
  readonly compression: Chosen;
  readonly feedback: Feedback;
} {
  if (resolved === undefined) return { compression: { type: "none" }, feedback: "none" };
  const { feedback, ...compression } = resolved;
  return { compression: compression as Chosen, feedback: feedback as Feedback };
}
