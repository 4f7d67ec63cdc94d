import { RunError } from "../../core/errors.ts";
import { inQuotes, nearest } from "../../core/text.ts";
import type { Window } from "../formats/table.ts";
import { type Classes, classFinder } from "./classes.ts";
import type { PreparationJob } from "./job.ts";

/**
 * What training rows count: their cell of `data.weights` times what `data.classWeights` says of
 * their class, and all that times what makes the mean 1, so that sums over rows stay as large as
 * they are without weights. It is told of every training row first.
 */
export class Weigher {
  /** Where the column is among those that are read; -1 where rows count alike but for classes. */
  readonly at: number;
  private readonly classes: Classes | null;
  /** A number a class, or null for balanced. */
  private readonly factors: Float64Array | null;
  private readonly sums: Float64Array;
  private rows = 0;
  private scale = Number.NaN;

  private constructor(at: number, classes: Classes | null, factors: Float64Array | null) {
    this.at = at;
    this.classes = classes;
    this.factors = factors;
    this.sums = new Float64Array(classes?.labels.length ?? 1);
  }

  /** Null where every row counts 1. Throws `RunError` for weights of what is no class. */
  static of(job: PreparationJob<Window>, classes: Classes | null): Weigher | null {
    const { weights, classWeights, membership } = job.options;
    if (weights === undefined && classWeights === undefined) return null;
    const option = weights === undefined ? "data.classWeights" : "data.weights";
    if (membership === "records")
      throw new RunError("bad-option", `${option}, beside data.membership: records`, {
        hint: "leave one of them out: what a row counts hangs on the others",
      });
    const at = job.columns.findIndex(({ name }) => name === weights);
    if (classWeights === undefined) return new Weigher(at, null, new Float64Array(1).fill(1));
    if (classes === null)
      throw new RunError(
        "bad-option",
        `data.classWeights: ${inQuotes(job.target.name)} is numbers`,
        {
          hint: "leave it out, or choose a problem that classifies, such as logistic",
        },
      );
    const factors = classWeights === "balanced" ? null : factorsOf(classWeights, classes);
    return new Weigher(at, classes, factors);
  }

  /** A training row, by its cells of weight and target. */
  add(cell: number, target: number): void {
    this.sums[this.classOf(target)]! += this.checked(cell);
    this.rows++;
  }

  /** What a row counts, once all have been told of. */
  weigh(cell: number, target: number): number {
    if (Number.isNaN(this.scale)) this.scale = this.rows / this.total();
    return this.scale * this.factorOf(this.classOf(target)) * this.checked(cell);
  }

  private classOf(target: number): number {
    return this.classes === null ? 0 : this.classes.classOf[target]!;
  }

  /** Balanced: as much of all rows as every other class. */
  private factorOf(id: number): number {
    return this.factors === null ? 1 / this.sums[id]! : this.factors[id]!;
  }

  private total(): number {
    let total = 0;
    for (const [id, sum] of this.sums.entries()) if (sum > 0) total += sum * this.factorOf(id);
    if (total > 0) return total;
    throw new RunError("bad-number", "data.weights, data.classWeights: no training row counts", {
      hint: "give at least one row a weight above 0",
    });
  }

  private checked(cell: number): number {
    if (this.at < 0) return 1;
    if (cell >= 0 && cell < Number.POSITIVE_INFINITY) return cell;
    throw new RunError("bad-number", `data.weights: ${cell}: a row counts 0 or more`, {
      hint: "mend the column, or name another",
    });
  }
}

function factorsOf(weights: Readonly<Record<string, number>>, { labels }: Classes): Float64Array {
  const find = classFinder(labels);
  const factors = new Float64Array(labels.length).fill(1);
  for (const [label, weight] of Object.entries(weights)) {
    const id = find(label);
    if (Number.isNaN(id))
      throw new RunError("bad-option", `data.classWeights: no class is ${inQuotes(label)}`, {
        hint: `${nearest(label, labels)}choose from ${labels.slice(0, 12).join(", ")}`,
      });
    factors[id] = weight;
  }
  return factors;
}
