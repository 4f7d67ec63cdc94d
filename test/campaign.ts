/**
 * How long a campaign is: `npm test` takes its first part, `npm run soak` the whole of it. One body
 * and one seed serve both, so that the part is the beginning of the whole. Read when a file is
 * loaded.
 */
export function campaign<T>(part: T, whole: T): T {
  return process.env.KOFN_SOAK === undefined ? part : whole;
}

/** Of a property: so many runs from one seed, or the whole number from a new one, which is told. */
export function fuzzing(part: number, whole: number): { numRuns: number; seed?: number } {
  return campaign({ numRuns: part, seed: 1 }, { numRuns: whole });
}
