import assert from "node:assert/strict";

/** What a suite needs of a test runner: vitest, jest and node:test have it. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => Promise<void>): unknown;
}

/** What every member of a family must do, by the titles of the tests. */
export type Laws<Member> = Readonly<Record<string, (member: Member) => void | Promise<void>>>;

/** One test for each law. Checks are `node:assert`'s, so that every runner takes them. */
export function testLaws<Member>(
  { describe, test }: TestRunner,
  suite: string,
  laws: Laws<Member>,
  member: Member,
): void {
  describe(suite, () => {
    for (const [title, law] of Object.entries(laws)) test(title, async () => law(member));
  });
}

/** Fails unless `value` is below `limit`; a number that is none is below nothing. */
export function below(value: number, limit: number, what = "a number"): void {
  assert(value < limit, `${what} is ${value}, expected below ${limit}`);
}

/** Fails unless `value` is at most `limit`. */
export function atMost(value: number, limit: number, what = "a number"): void {
  assert(value <= limit, `${what} is ${value}, expected at most ${limit}`);
}

/** Fails unless `value` is at least `limit`. */
export function atLeast(value: number, limit: number, what = "a number"): void {
  assert(value >= limit, `${what} is ${value}, expected at least ${limit}`);
}

/** Fails unless `value` is above `limit`. */
export function above(value: number, limit: number, what = "a number"): void {
  assert(value > limit, `${what} is ${value}, expected above ${limit}`);
}

/**
 * The largest difference between two entries, relative to the largest entry of `b`; in a vector of
 * zeros every difference is infinitely large.
 */
export function relativeDifference(a: Float64Array, b: Float64Array): number {
  assert.equal(a.length, b.length);
  let worst = 0;
  let largest = 0;
  for (const [i, value] of b.entries()) {
    // `Math.max` with a number that is none gives none, and that is below no limit.
    worst = Math.max(worst, Math.abs(a[i]! - value));
    largest = Math.max(largest, Math.abs(value));
  }
  return worst === 0 ? 0 : worst / largest;
}
