/** The F law with d and n degrees of freedom, by numeric integration of its density. */
export function quantileOfF(d: number, n: number) {
  const logBeta = logGamma(d / 2) + logGamma(n / 2) - logGamma((d + n) / 2);
  // With t = d x / (d x + n) the law is that of Beta(d/2, n/2).
  const density = (t: number) =>
    Math.exp((d / 2 - 1) * Math.log(t) + (n / 2 - 1) * Math.log1p(-t) - logBeta);
  const cells = 20_000;
  const sums = new Float64Array(cells + 1);
  for (let i = 0; i < cells; i++) {
    const [a, h] = [i / cells, 1 / cells];
    // Gauss's rule of two points in each cell.
    const offset = h / 2 / Math.sqrt(3);
    sums[i + 1] = sums[i]! + (h / 2) * (density(a + h / 2 - offset) + density(a + h / 2 + offset));
  }
  const beta = (t: number) => {
    const at = Math.min(cells - 1, Math.floor(t * cells));
    return sums[at]! + (t * cells - at) * (sums[at + 1]! - sums[at]!);
  };
  const cdf = (x: number) => beta((d * x) / (d * x + n));
  return {
    mean: n / (n - 2),
    cdf,
    quantile(share: number): number {
      let [low, high] = [0, 1e3];
      while (high - low > 1e-9) {
        const middle = (low + high) / 2;
        if (cdf(middle) < share) low = middle;
        else high = middle;
      }
      return low;
    },
  };
}

/** The probability of a larger distance between a sample, sorted, and its law (Kolmogorov). */
export function kolmogorovSmirnov(sorted: Float64Array, cdf: (x: number) => number): number {
  const n = sorted.length;
  let distance = 0;
  for (let i = 0; i < n; i++) {
    const at = cdf(sorted[i]!);
    distance = Math.max(distance, Math.abs(at - i / n), Math.abs((i + 1) / n - at));
  }
  const root = Math.sqrt(n);
  const lambda = (root + 0.12 + 0.11 / root) * distance;
  let sum = 0;
  for (let k = 1; k < 100; k++)
    sum += 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * (k * lambda) ** 2);
  return Math.min(1, Math.max(0, sum));
}

/** Of whole and half numbers above 0, by recurrence. */
function logGamma(x: number): number {
  if (x === 1) return 0;
  if (x === 0.5) return Math.log(Math.PI) / 2;
  return Math.log(x - 1) + logGamma(x - 1);
}
