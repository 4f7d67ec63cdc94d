/** Residuals that are kept; 8 MiB. */
const residualsMax = 2 ** 20;

/** What is left of targets after predictions: how far off, and to which side. */
export class Residuals {
  #count = 0;
  #values = new Float64Array(64);

  /** Target minus prediction of a row; those of the first 1,048,576 rows are kept. */
  add(residual: number): void {
    if (Number.isNaN(residual) || this.#count === residualsMax) return;
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = residual;
  }

  /** Below which these shares of the residuals lie, between two by their distance. */
  quantiles(shares: readonly number[]): number[] {
    const sorted = this.#values.slice(0, this.#count).sort();
    return shares.map((share) => {
      const at = share * (this.#count - 1);
      const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
      return below + (above - below) * (at - Math.floor(at));
    });
  }
}
