import { decompress } from "../../compression/payload.ts";
import { randomFrom } from "../../core/random.ts";
import { atSlot } from "../../core/slot-map.ts";
import { compressorOf } from "../../tasks/local-steps.ts";
import { changeBetween } from "../../wire/vector-change.ts";
import type { LocalStepsPlan, LocalStepsState } from "./state.ts";

type Weights = Float32Array<ArrayBuffer>;

/**
 * What workers are to have for the orchestrator's weights: those where weights go down as they are,
 * else the last that were told, moved by a compressed part of the way to them (EF21-P). What is
 * left out is the difference itself, so that the next part makes up for it, and nothing but the
 * told weights need be kept.
 */
export function weightsToTell(
  { down = null, problem, seed }: LocalStepsPlan,
  { models, version }: LocalStepsState,
  weights: Float64Array,
): Weights {
  if (down === null) return Float32Array.from(weights);
  const told = models.at(-1)!.weights;
  const missing = new Float32Array(told.length);
  for (let j = 0; j < missing.length; j++) missing[j] = weights[j]! - told[j]!;
  const random = randomFrom(seed).fork(`down/${version}`);
  const part = decompress(compressorOf(problem, down).compress(missing, random), missing.length);
  return told.map((value, j) => value + part[j]!);
}

/** Bits of the weights as they are: of a first download, and of each that a loss makes anew. */
export function modelBits({ weightsLength }: LocalStepsPlan): number {
  return 32 * weightsLength;
}

/**
 * Bits of the newest weights for these slots: as they are, or, where they go down compressed, as
 * what changed since those that each has, exactly as requests tell it.
 */
export function bitsOfDownloads(
  plan: LocalStepsPlan,
  { models, turns }: LocalStepsState,
  slots: readonly number[],
  newest: Weights,
): number {
  const whole = modelBits(plan);
  if ((plan.down ?? null) === null) return slots.length * whole;
  const bits = new Map<number, number>();
  const bitsFrom = (base: number): number => {
    const known = bits.get(base);
    if (known !== undefined) return known;
    const from = models.find(({ version }) => version === base)!;
    const change = changeBetween(from.weights, newest);
    const made = change === null ? whole : 8 * (change.runs.byteLength + change.values.byteLength);
    bits.set(base, made);
    return made;
  };
  return slots.reduce((sum, slot) => sum + bitsFrom(atSlot(turns, slot)!.version), 0);
}
