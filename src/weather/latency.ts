import * as z from "zod";
import type { Random } from "../core/random.ts";

/** Whose delay is asked for. */
export interface Moment {
  readonly task: string;
  readonly slot: number;
  readonly round: number;
  /** The task's stream, where whoever asks has it at hand. */
  readonly own?: Random;
}

/**
 * How late tasks are, beyond what they compute. Laws (tested over the registry): finite, not
 * negative, and the same for the same moment and stream whatever was asked before.
 */
export interface LatencyModel {
  /** `root` is the weather's stream; models fork it by task, slot or round. */
  delayMs(moment: Moment, root: Random): number;
}

/** The stream for draws that are independent from task to task. */
export function ofTask(root: Random, { task, own }: Moment): Random {
  return (own ?? root.fork(`task/${task}`)).fork("delay");
}

/** A share between 0 and 1, as a number or as text in per cent: 0.001 or "0.1%". */
export const probability = z
  .union([z.number(), z.string()], "expected a number from 0 to 1, or per cent as in 0.1%")
  .transform((written, context) => {
    const value = typeof written === "number" ? written : fromText(written);
    if (value >= 0 && value <= 1) return value;
    context.addIssue({
      code: "custom",
      message: "expected a number from 0 to 1, or per cent as in 0.1%",
    });
    return z.NEVER;
  });

function fromText(text: string): number {
  const [, digits, percent] = /^\s*(\d*\.?\d+(?:e-?\d+)?)\s*(%?)\s*$/i.exec(text) ?? [];
  return digits === undefined ? Number.NaN : Number(digits) / (percent === "%" ? 100 : 1);
}
