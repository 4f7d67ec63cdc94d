/**
 * How long a campaign is: `npm test` takes its first part, `npm run soak` the whole of it. One body
 * and one seed serve both, so that the part is the beginning of the whole. Read when a file is
 * loaded.
 */
export function campaign<T>(part: T, whole: T): T {
  return process.env.KOFN_SOAK === undefined ? part : whole;
}
