/** The discrete Gaussian's probabilities by their definition, for n from -reach to reach. */
export function discreteGaussianLaw(sigma: number): (n: number) => number {
  const reach = Math.ceil(40 * sigma) + 2;
  let total = 0;
  for (let n = reach; n >= 1; n--) total += 2 * Math.exp(-(n * n) / (2 * sigma * sigma));
  total += 1;
  return (n) => Math.exp(-(n * n) / (2 * sigma * sigma)) / total;
}

/** Sum over n of n^2 p(n). */
export function discreteGaussianVariance(sigma: number): number {
  const law = discreteGaussianLaw(sigma);
  let sum = 0;
  for (let n = Math.ceil(40 * sigma); n >= 1; n--) sum += 2 * n * n * law(n);
  return sum;
}

/** delta(epsilon) of telling n from n + shift: the sum of (p(n) - e^epsilon p(n - shift))+. */
export function discreteGaussianDelta(sigma: number, shift: number, epsilon: number): number {
  const law = discreteGaussianLaw(sigma);
  const reach = Math.ceil(40 * sigma);
  let sum = 0;
  for (let n = -reach - shift; n <= reach; n++)
    sum += Math.max(0, law(n) - Math.exp(epsilon) * law(n + shift));
  return sum;
}
