/**
 * Discrete normal integers from uniform words, word by word as `exact-draws.ts` has them (Karney,
 * 2016, algorithm D), so that the same words make the same numbers. Writes `count` of them as
 * doubles, or as many as the words from `at` to `end` are enough for, and where the next begins
 * to `state`; returns how many. `sigma` is a whole number of steps, 2^31 at most.
 */
export function normalDraws(
  at: usize,
  end: usize,
  sigma: u32,
  out: usize,
  count: i32,
  state: usize,
): i32 {
  const last = lastBelow(sigma);
  let done = 0;
  while (done < count) {
    const next = drawOne(at, end, sigma, last, out);
    if (next == 0) break;
    at = next;
    out += 8;
    done++;
  }
  store<usize>(state, at);
  return done;
}

/** One number, to `out`; where the next word is, 0 where words are missing. */
@inline
function drawOne(p: usize, end: usize, sigma: u32, lastBelowSigma: u32, out: usize): usize {
  // Trials until one is taken.
  for (;;) {
    let k: u32 = 0;
    // k counts true coins of chance exp(-1/2), up to the first false one.
    for (;;) {
      if (p >= end) return 0;
      let word = load<u32>(p);
      p += 4;
      if ((word & 1) == 0) {
        if (p >= end) return 0;
        word = load<u32>(p);
        p += 4;
        if ((word & 3) != 0) break;
        const next = coinFromThird(p, end);
        if (next == 0) return 0;
        p = next & ~1;
        if ((next & 1) == 0) break;
      }
      k++;
    }
    if (k > 1) {
      let more = k * (k - 1);
      for (; more > 0; more--) {
        if (p >= end) return 0;
        let word = load<u32>(p);
        p += 4;
        if ((word & 1) != 0) continue;
        if (p >= end) return 0;
        word = load<u32>(p);
        p += 4;
        if ((word & 3) != 0) break;
        const next = coinFromThird(p, end);
        if (next == 0) return 0;
        p = next & ~1;
        if ((next & 1) == 0) break;
      }
      if (more > 0) continue;
    }
    let j: u32;
    do {
      if (p >= end) return 0;
      j = load<u32>(p);
      p += 4;
    } while (j > lastBelowSigma);
    j %= sigma;
    let isBelow = true;
    for (let factor: u32 = 0; factor <= k && isBelow; factor++) {
      const next = belowCurve(p, end, j, k, sigma, lastBelowSigma);
      if (next == 0) return 0;
      p = next & ~1;
      isBelow = (next & 1) != 0;
    }
    if (!isBelow) continue;
    if (p >= end) return 0;
    const isNegative = (load<u32>(p) & 1) != 0;
    p += 4;
    const size = f64(k) * f64(sigma) + f64(j);
    // Zero would be found twice, as +0 and as -0.
    if (size == 0 && isNegative) continue;
    f64.store(out, isNegative ? -size : size);
    return p;
  }
}

/** The last word whose remainder by n counts: those beyond are one part of n short. */
@inline
function lastBelow(n: u32): u32 {
  return ~((0 - n) % n);
}

/**
 * The rest of von Neumann's series for exp(-1/2), two words of which were zeros: where the next word
 * is, plus 1 where the coin is true; 0 where words are missing.
 */
function coinFromThird(p: usize, end: usize): usize {
  let n: u32 = 3;
  for (;;) {
    if (p >= end) return 0;
    const word = load<u32>(p);
    p += 4;
    if (word > lastBelow(2 * n)) continue;
    if (word % (2 * n) != 0) break;
    n++;
  }
  return p | usize(n & 1);
}

/** One factor of chance exp(-x (2k + x) / (2k + 2)), where x = j / sigma; told as that above. */
@inline
function belowCurve(
  p: usize,
  end: usize,
  j: u32,
  k: u32,
  sigma: u32,
  lastBelowSigma: u32,
): usize {
  let n: u32 = 1;
  for (;;) {
    let word: u32;
    if (n > 1) {
      const last = lastBelow(n);
      do {
        if (p >= end) return 0;
        word = load<u32>(p);
        p += 4;
      } while (word > last);
      if (word % n != 0) break;
    }
    do {
      if (p >= end) return 0;
      word = load<u32>(p);
      p += 4;
    } while (word > lastBelowSigma);
    if (word % sigma >= j) break;
    const wide = 2 * k + 2;
    if (k < 2) {
      if (p >= end) return 0;
      word = load<u32>(p) & (wide - 1);
      p += 4;
    } else {
      const last = lastBelow(wide);
      do {
        if (p >= end) return 0;
        word = load<u32>(p);
        p += 4;
      } while (word > last);
      word %= wide;
    }
    if (word > 2 * k) break;
    if (word == 2 * k) {
      do {
        if (p >= end) return 0;
        word = load<u32>(p);
        p += 4;
      } while (word > lastBelowSigma);
      if (word % sigma >= j) break;
    }
    n++;
  }
  return p | usize(n & 1);
}
