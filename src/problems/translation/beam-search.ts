import { specialTokens } from "../../core/text.ts";

/** How translations are searched for. */
export interface SearchOptions {
  /** Prefixes kept for each sentence; 1 is greedy. */
  readonly beam: number;
  /** Alpha of ((5 + length) / 6)^alpha, over which a translation's log-probability counts. */
  readonly lengthPenalty: number;
}

export interface SearchRequest extends SearchOptions {
  /** Sentences to translate; each one's translation has at most so many tokens. */
  readonly lengthsMax: readonly number[];
  /**
   * Logarithms of the next token's probabilities after each prefix, a block a prefix; all are of
   * one length and begin with the beginning's token. Prefix i is of sentence `owners[i]`, and goes
   * on from prefix `parents[i]` of the call before; in the first call it is the beginning alone.
   */
  readonly next: (
    prefixes: readonly (readonly number[])[],
    owners: readonly number[],
    parents: readonly number[],
  ) => Float32Array;
}

/** A translation without beginning and end. */
export interface Translation {
  readonly tokens: readonly number[];
  readonly logProbability: number;
  /** The log-probability over the length penalty; the end counts as a token. */
  readonly score: number;
}

interface Prefix {
  readonly tokens: readonly number[];
  /** Its place among all prefixes of the step before. */
  readonly parent: number;
  readonly logProbability: number;
}

const beginning: Prefix = { tokens: [specialTokens.begin], parent: 0, logProbability: 0 };

interface Search {
  alive: readonly Prefix[];
  best: Translation | null;
}

/**
 * Beam search of several sentences side by side: the `beam` likeliest prefixes go on, those that
 * end compete by their score. A sentence is done when no prefix can come to a better score, or at
 * its longest. Ties go to the prefix, then to the token, with the lower number, so the same
 * probabilities give the same translations.
 */
export function beamSearch(request: SearchRequest): Translation[] {
  const { lengthsMax, beam, lengthPenalty, next } = request;
  const searches = lengthsMax.map((): Search => ({ alive: [beginning], best: null }));
  for (;;) {
    const open = [...searches.keys()].filter((i) => searches[i]!.alive.length > 0);
    if (open.length === 0) break;
    const prefixes = open.flatMap((i) => searches[i]!.alive.map(({ tokens }) => tokens));
    const owners = open.flatMap((i) => searches[i]!.alive.map(() => i));
    const parents = open.flatMap((i) => searches[i]!.alive.map(({ parent }) => parent));
    const all = next(prefixes, owners, parents);
    const width = all.length / prefixes.length;
    let at = 0;
    for (const i of open) {
      const { alive } = searches[i]!;
      const own = all.subarray(at * width, (at + alive.length) * width);
      const bounds = { beam, lengthPenalty, lengthMax: lengthsMax[i]!, first: at };
      at += alive.length;
      extend(searches[i]!, own, width, bounds);
    }
  }
  return searches.map(({ best }) => best!);
}

interface Bounds extends SearchOptions {
  readonly lengthMax: number;
  /** The place of the sentence's first prefix among all. */
  readonly first: number;
}

/** One more token for every prefix of a sentence. */
function extend(search: Search, all: Float32Array, width: number, bounds: Bounds): void {
  const { beam, lengthPenalty, lengthMax, first } = bounds;
  const { alive } = search;
  // The first token is the beginning's; the next one makes it so many.
  const length = alive[0]!.tokens.length;
  const mustEnd = length > lengthMax;
  const finish = ({ tokens, logProbability }: Omit<Prefix, "parent">) => {
    const score = logProbability / penaltyOf(length, lengthPenalty);
    if (search.best === null || score > search.best.score)
      search.best = { tokens: tokens.slice(1), logProbability, score };
  };
  for (const [i, prefix] of alive.entries()) {
    const ending = prefix.logProbability + all[i * width + specialTokens.end]!;
    if (mustEnd) finish({ ...prefix, logProbability: ending });
  }
  if (mustEnd) {
    search.alive = [];
    return;
  }
  // As many as may end, and as many again that go on.
  const best = likeliest(alive, all, width, 2 * beam);
  const going: Prefix[] = [];
  for (const [rank, { prefix, token, logProbability }] of best.entries()) {
    if (token === specialTokens.end) {
      if (rank < beam) finish({ ...alive[prefix]!, logProbability });
    } else if (going.length < beam)
      going.push({
        tokens: [...alive[prefix]!.tokens, token],
        parent: first + prefix,
        logProbability,
      });
  }
  // Greedy: the likeliest token was the end.
  if (beam === 1 && best[0]!.token === specialTokens.end) going.pop();
  // The longest translation has the mildest penalty: no prefix comes to more than this.
  const hope = (going[0]?.logProbability ?? 0) / penaltyOf(lengthMax + 1, lengthPenalty);
  search.alive = search.best !== null && search.best.score >= hope ? [] : going;
}

/** Of translations of so many tokens, the end among them. */
function penaltyOf(length: number, alpha: number): number {
  return ((5 + length) / 6) ** alpha;
}

interface Extension {
  readonly prefix: number;
  readonly token: number;
  readonly logProbability: number;
}

/** The `count` likeliest extensions by a token that is none of padding and beginning. */
function likeliest(
  alive: readonly Prefix[],
  all: Float32Array,
  width: number,
  count: number,
): Extension[] {
  const best: Extension[] = [];
  for (const [prefix, { logProbability: before }] of alive.entries()) {
    for (let token = specialTokens.end; token < width; token++) {
      const logProbability = before + all[prefix * width + token]!;
      if (best.length === count && logProbability <= best[count - 1]!.logProbability) continue;
      let place = best.length;
      while (place > 0 && best[place - 1]!.logProbability < logProbability) place--;
      best.splice(place, 0, { prefix, token, logProbability });
      if (best.length > count) best.pop();
    }
  }
  return best;
}
