import { closest, distance } from "fastest-levenshtein";

/** `did you mean "x"? `, or nothing where no choice is near enough to be meant. */
export function nearest(given: string, choices: readonly string[]): string {
  if (choices.length === 0) return "";
  const best = closest(given, choices);
  return distance(given, best) <= Math.max(2, given.length / 3) ? `did you mean "${best}"? ` : "";
}
