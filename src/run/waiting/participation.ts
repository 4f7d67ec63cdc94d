/** Which slots missed which of the last rounds: one bit a round, the newest lowest. Plain data. */
export interface Participation {
  readonly rounds: number;
  readonly missed: Uint32Array<ArrayBuffer>;
  /** Slots recognised as persistent stragglers, ascending. */
  readonly absent: readonly number[];
}

/** How many rounds are remembered. */
const watched = 20;
/** Of those, a persistent straggler has missed at least so many. */
const missedMin = 18;
/** And stays one while it has missed so many. */
const missedStill = 10;
/** A slot is recognised where chance brings as many misses to any slot less often than this. */
const chance = 1e-3;

export function nobodyMissed(workers: number): Participation {
  return { rounds: 0, missed: new Uint32Array(workers), absent: [] };
}

/**
 * One more quorum, which these slots were part of. A slot is a persistent straggler when it missed
 * nearly all of the last rounds, and more than a slot would by chance if all were equally quick:
 * where half of the slots are always left out, missing nearly all is nothing remarkable in many.
 */
export function witnessed(before: Participation, present: readonly number[]): Participation {
  const missed = before.missed.map((bits) => ((bits << 1) | 1) & ((1 << watched) - 1));
  for (const slot of present) missed[slot]! &= ~1;
  const rounds = before.rounds + 1;
  if (rounds < watched) return { rounds, missed, absent: [] };
  const misses = Array.from(missed, count);
  const workers = missed.length;
  const share = misses.reduce((sum, one) => sum + one, 0) / (workers * watched);
  const least = leastRemarkable(share, workers);
  const known = new Set(before.absent);
  const absent = misses.flatMap((one, slot) =>
    one >= (known.has(slot) ? missedStill : least) ? [slot] : [],
  );
  return { rounds, missed, absent };
}

/** The fewest misses that count; more than there are rounds where none are remarkable. */
function leastRemarkable(share: number, workers: number): number {
  let tail = 0;
  let least = watched + 1;
  for (let misses = watched; misses >= missedMin; misses--) {
    tail += choose(watched, misses) * share ** misses * (1 - share) ** (watched - misses);
    if (tail * workers < chance) least = misses;
  }
  return least;
}

function choose(all: number, some: number): number {
  let ways = 1;
  for (let i = 1; i <= all - some; i++) ways = (ways * (some + i)) / i;
  return ways;
}

function count(bits: number): number {
  let ones = 0;
  for (let left = bits; left !== 0; left &= left - 1) ones++;
  return ones;
}
