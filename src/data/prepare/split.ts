import type { Random } from "../../core/random.ts";

/** Which rows are for testing: exactly `chosen` of `total`, every subset equally likely. */
export function selection(random: Random, total: number, chosen: number): () => boolean {
  if (chosen === 0) return () => false;
  let left = total;
  let wanted = chosen;
  return () => {
    const taken = random.uniform() * left < wanted;
    left--;
    if (taken) wanted--;
    return taken;
  };
}
