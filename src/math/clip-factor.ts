/**
 * What a part of this norm is multiplied by; 0 where it is not finite. The norm came of so
 * many terms, and counts as the most that it may be: rounding carries no part over the clip.
 */
export function clipFactor(length: number, terms: number, clip: number): number {
  if (!Number.isFinite(length)) return 0;
  const most = length * (1 + (terms + 8) * 2 ** -52);
  return most > clip ? clip / most : 1;
}
