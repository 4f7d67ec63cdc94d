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

export function noMisses(workers: number): Participation {
  return { rounds: 0, missed: new Uint32Array(workers), absent: [] };
}

/**
 * One more quorum, which these slots were part of. A slot is a persistent straggler when it missed
 * nearly all of the last rounds, and more than a slot would by chance if all were equally quick:
 * where half of the slots are always left out, missing nearly all is nothing remarkable in many.
 */
export function observeParticipation(
  before: Participation,
  present: readonly number[],
): Participation {
  const missed = before.missed.slice();
  for (let slot = 0; slot < missed.length; slot++)
    missed[slot] = ((missed[slot]! << 1) | 1) & ((1 << watched) - 1);
  for (const slot of present) missed[slot]! &= ~1;
  const rounds = before.rounds + 1;
  if (rounds < watched) return { rounds, missed, absent: [] };
  const workers = missed.length;
  const misses = new Uint8Array(workers);
  let total = 0;
  for (let slot = 0; slot < workers; slot++) {
    misses[slot] = count(missed[slot]!);
    total += misses[slot]!;
  }
  const least = leastRemarkable(total / (workers * watched), workers);
  const alreadyAbsent = new Set(before.absent);
  const absent: number[] = [];
  for (let slot = 0; slot < workers; slot++)
    if (misses[slot]! >= (alreadyAbsent.has(slot) ? missedStill : least)) absent.push(slot);
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

/** How many bits of a word are set: sums of pairs, of fours, of bytes. */
function count(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
