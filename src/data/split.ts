import type { Random } from "../core/random.ts";
import type { Spool } from "./spool.ts";
import type { Window } from "./table.ts";

/** Which rows are for testing: exactly `chosen` of `total`, every subset equally likely. */
export function selection(random: Random, total: number, chosen: number): () => boolean {
  let left = total;
  let wanted = chosen;
  return () => {
    const taken = random.uniform() * left < wanted;
    left--;
    if (taken) wanted--;
    return taken;
  };
}

/** Windows with the order in which their rows are taken: the same at every pass. */
export async function* shuffled<W extends Window>(
  spool: Spool<W>,
  random: Random,
): AsyncGenerator<{ readonly window: W; readonly order: Uint32Array }> {
  let index = 0;
  for await (const window of spool.windows()) {
    yield { window, order: random.fork(`window/${index}`).permutation(window.rows) };
    index++;
  }
}
