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
