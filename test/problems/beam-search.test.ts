import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { beamSearch, type SearchRequest } from "../../src/problems/translation/beam-search.ts";
import { logProbabilities } from "../../src/problems/translation/token-loss.ts";

/** Tokens 4 to 6 besides the special ones. */
const width = 7;

/** Probabilities that hang on sentence and prefix alone. */
function language(
  seed: string,
): (
  ...known: [prefixes: readonly (readonly number[])[], owners: readonly number[]]
) => Float32Array {
  return (prefixes, owners) => {
    const scores = new Float32Array(prefixes.length * width);
    for (const [i, prefix] of prefixes.entries()) {
      const random = randomFrom(`${seed}/${owners[i]}/${prefix.join()}`);
      for (let token = 0; token < width; token++) scores[i * width + token] = 2 * random.normal();
    }
    return logProbabilities(scores, width);
  };
}

/** All translations of at most so many tokens, with what they are worth. */
function* everything(
  next: ReturnType<typeof language>,
  owner: number,
  lengthMax: number,
  alpha: number,
) {
  let prefixes: { tokens: number[]; logProbability: number }[] = [
    { tokens: [1], logProbability: 0 },
  ];
  for (let length = 1; length <= lengthMax + 1; length++) {
    const following: typeof prefixes = [];
    for (const { tokens, logProbability } of prefixes) {
      const own = next([tokens], [owner]);
      const whole = logProbability + own[2]!;
      yield { tokens: tokens.slice(1), score: whole / ((5 + length) / 6) ** alpha };
      for (let token = 3; token < width; token++)
        following.push({
          tokens: [...tokens, token],
          logProbability: logProbability + own[token]!,
        });
    }
    prefixes = following;
  }
}

test.each([0, 0.6, 1.5])(
  "a beam that holds everything finds the best of all: alpha %d",
  (alpha) => {
    const next = language(`all/${alpha}`);
    const lengthsMax = [3, 4, 3, 2];
    const found = beamSearch({ lengthsMax, next, beam: 4 ** 5, lengthPenalty: alpha });
    for (const [owner, lengthMax] of lengthsMax.entries()) {
      const all = [...everything(next, owner, lengthMax, alpha)];
      const best = all.reduce((a, b) => (b.score > a.score ? b : a));
      expect(found[owner]!.tokens).toEqual(best.tokens);
      expect(found[owner]!.score).toBeCloseTo(best.score, 5);
    }
  },
);

test("greedy takes the likeliest token until that is the end", () => {
  const next = language("greedy");
  for (const [owner, { tokens }] of beamSearch({
    lengthsMax: [20, 20, 20, 20],
    next,
    beam: 1,
    lengthPenalty: 0.6,
  }).entries()) {
    const own = [1];
    for (;;) {
      const scores = [...next([own], [owner])].map((one, token) => (token < 2 ? -1e9 : one));
      const token = scores.indexOf(Math.max(...scores));
      if (token === 2) break;
      own.push(token);
    }
    expect(tokens).toEqual(own.slice(1));
  }
});

test("a wider beam finds better ones on the whole; sentences do not disturb each other", () => {
  const next = language("wide");
  const lengthsMax = Array.from({ length: 12 }, (_, i) => 3 + (i % 4));
  const scoresOf = (beam: number) =>
    beamSearch({ lengthsMax, next, beam, lengthPenalty: 0.6 }).map(({ score }) => score);
  const sum = (scores: number[]) => scores.reduce((a, b) => a + b, 0);
  expect(sum(scoresOf(4))).toBeGreaterThan(sum(scoresOf(1)));
  const [alone] = beamSearch({
    lengthsMax: [lengthsMax[5]!],
    next: (prefixes) =>
      next(
        prefixes,
        prefixes.map(() => 5),
      ),
    beam: 4,
    lengthPenalty: 0.6,
  });
  expect(alone!.score).toBe(scoresOf(4)[5]);
});

test("no translation is longer than it may be, and neither padding nor beginning is said", () => {
  const never: SearchRequest["next"] = (prefixes) => {
    const scores = new Float32Array(prefixes.length * width);
    for (const i of prefixes.keys()) scores.set([9, 9, -9, 0, 1, 2, 3], i * width);
    return logProbabilities(scores, width);
  };
  for (const beam of [1, 3]) {
    const [found] = beamSearch({ lengthsMax: [4], next: never, beam, lengthPenalty: 0 });
    expect(found!.tokens).toEqual([6, 6, 6, 6]);
  }
});
