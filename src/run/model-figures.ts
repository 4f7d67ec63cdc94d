import type { Prepared } from "../data/manifests.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import { ColumnStatistics, SparseMoments } from "../data/prepare/statistics.ts";
import type { Rows } from "../math/rows.ts";
import type {
  ChanceCalibration,
  ClassFigures,
  FeatureImportance,
  ModelFigures,
} from "../ports/model-figures.ts";
import type { Store } from "../ports/store.ts";
import { chancesOfSecond, classAt, classProbabilities } from "../problems/class-probabilities.ts";
import { predictLinear } from "../problems/linear.ts";
import type { Problem } from "../problems/problem.ts";
import { Residuals } from "../problems/residuals.ts";
import { labelled } from "../tasks/minibatch.ts";

/** Of more training rows, in stored bytes, no pass is made where no rows were kept for testing. */
const bytesMax = 256 * 1024 * 1024;
const binsCount = 10;
/** A table of more classes is none that a person reads. */
const labelsMax = 30;
const featuresShown = 20;
/** Moments of more columns would be larger than the rows. */
const columnsMax = 200_000;
const shares = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/**
 * How good a model's predictions are, in one pass over the rows that were kept for testing, or over
 * the training rows where none were. Null where a row has no target of its own: of text, of pairs
 * of sentences, and of what predicts none.
 */
export async function modelFigures(
  store: Store,
  prepared: Prepared,
  problem: Problem,
  weights: Float32Array<ArrayBuffer>,
): Promise<ModelFigures | null> {
  const { preparation, columns, testRows } = prepared;
  const { text, pairs, target } = preparation;
  if (text !== undefined || pairs !== undefined || problem.predictsNothing === true) return null;
  const parts = testRows > 0 ? prepared.test : prepared.train;
  if (testRows === 0 && parts.reduce((sum, { bytes }) => sum + bytes, 0) > bytesMax) return null;
  const { classes: labels } = target;
  const classes = labels === null ? null : new ClassTally(labels, problem);
  const residuals = labels === null ? new ResidualTally() : null;
  const deviations = isLinear(problem) && columns <= columnsMax ? new Deviations(columns) : null;
  let rowCount = 0;
  for await (const part of eachPart(store, parts, columns)) {
    const { rows, targets } = labelled(part);
    const outputs = problem.predict?.(rows, weights) ?? predictLinear(rows, weights);
    classes?.add(outputs, targets);
    residuals?.add(outputs, targets);
    deviations?.add(rows);
    rowCount += targets.length;
  }
  if (rowCount === 0) return null;
  return {
    of: testRows > 0 ? "test" : "train",
    rows: rowCount,
    ...(classes === null ? {} : { classes: classes.figures() }),
    ...(residuals === null ? {} : { residuals: residuals.figures() }),
    ...(deviations === null
      ? {}
      : { importance: importanceOf(prepared, weights, (column) => deviations.of(column)) }),
  };
}

function isLinear({ predict, parameters, pairs }: Problem): boolean {
  return predict === undefined && parameters === undefined && pairs === undefined;
}

/** Rows by class, by the class they are taken for, and by the chance of that. */
class ClassTally {
  private readonly labels: readonly string[];
  private readonly link: Pick<Problem, "link">;
  private readonly confusion: number[][];
  private readonly rowsOf: Float64Array;
  private readonly bins = Array.from({ length: binsCount }, () => ({
    rows: 0,
    chance: 0,
    came: 0,
  }));
  private rows = 0;
  private squares = 0;
  private hasChances = false;

  constructor(labels: readonly string[], link: Pick<Problem, "link">) {
    this.labels = labels;
    this.link = link;
    this.rowsOf = new Float64Array(labels.length);
    const isShown = labels.length <= labelsMax;
    this.confusion = isShown ? labels.map(() => labels.map(() => 0)) : [];
  }

  add(outputs: Float64Array, targets: Float32Array): void {
    const rows = targets.length;
    const isOfTwo = this.labels.length === 2;
    const chances = this.chancesOf(outputs, rows);
    // Of two classes that a sign tells apart, the chances of the second alone.
    const perClass = chances?.length === rows ? 0 : rows;
    this.rows += rows;
    for (let i = 0; i < rows; i++) {
      const target = targets[i]!;
      const taken = classAt(outputs, rows, i);
      this.rowsOf[target]! += 1;
      const ofClass = this.confusion[target];
      if (ofClass !== undefined && taken < ofClass.length) ofClass[taken]! += 1;
      if (chances === null) continue;
      const chance = chances[i + (isOfTwo ? 1 : taken) * perClass]!;
      this.addChance(chance, isOfTwo ? target === 1 : taken === target);
      if (isOfTwo) this.squares += (chance - target) ** 2;
      else
        for (let at = i, id = 0; at < chances.length; at += rows, id++)
          this.squares += (chances[at]! - (id === target ? 1 : 0)) ** 2;
    }
  }

  figures(): ClassFigures {
    const { labels, rows } = this;
    let baseLogloss = 0;
    for (const count of this.rowsOf)
      if (count > 0) baseLogloss -= (count / rows) * Math.log(count / rows);
    return {
      labels: labels.slice(0, labelsMax),
      ...(this.confusion.length > 0 ? { confusion: this.confusion } : {}),
      baseLogloss,
      ...(this.hasChances ? { calibration: this.calibration() } : {}),
    };
  }

  private chancesOf(outputs: Float64Array, rows: number): Float64Array | null {
    const { link } = this.link;
    const isBySign = link === "sigmoid" && outputs.length === rows && this.labels.length === 2;
    return isBySign ? chancesOfSecond(outputs) : classProbabilities(this.link, outputs, rows);
  }

  private addChance(chance: number, came: boolean): void {
    this.hasChances = true;
    let at = 0;
    while (at < binsCount - 1 && (at + 1) * (1 / binsCount) < chance) at++;
    const bin = this.bins[at]!;
    bin.rows++;
    bin.chance += chance;
    if (came) bin.came++;
  }

  private calibration(): ChanceCalibration {
    const { labels, rows } = this;
    const bins = this.bins
      .map(({ rows, chance, came }, at) => ({
        above: at / binsCount,
        rows,
        predicted: chance / rows,
        observed: came / rows,
      }))
      .filter((bin) => bin.rows > 0);
    return {
      of: labels.length === 2 ? labels[1]! : null,
      brier: this.squares / rows,
      expectedError: bins.reduce(
        (sum, bin) => sum + (bin.rows / rows) * Math.abs(bin.observed - bin.predicted),
        0,
      ),
      bins,
    };
  }
}

class ResidualTally {
  private readonly residuals = new Residuals();
  private rows = 0;
  private sum = 0;

  add(predictions: Float64Array, targets: Float32Array): void {
    for (let i = 0; i < targets.length; i++) {
      const residual = targets[i]! - predictions[i]!;
      this.residuals.add(residual);
      this.sum += residual;
    }
    this.rows += targets.length;
  }

  figures(): NonNullable<ModelFigures["residuals"]> {
    const values = this.residuals.quantiles(shares);
    return {
      mean: this.sum / this.rows,
      quantiles: shares.map((share, i) => [share, values[i]!] as const),
    };
  }
}

/** Deviations of stored features, dense or sparse. */
class Deviations {
  private readonly dense: ColumnStatistics;
  private readonly sparse = new SparseMoments();
  private isSparse = false;

  constructor(columns: number) {
    this.dense = new ColumnStatistics(columns);
  }

  add(rows: Rows): void {
    if (rows.kind === "sparse") {
      this.isSparse = true;
      for (let row = 0; row < rows.rows; row++) this.sparse.add(rows, row);
      return;
    }
    this.dense.addTable(rows);
  }

  of(column: number): number {
    return this.isSparse
      ? this.sparse.of(column).deviation
      : Math.sqrt(this.dense.variance(column));
  }
}

/** Coefficients times deviations, of several outputs the largest of a feature. */
function importanceOf(
  { preparation, columns }: Prepared,
  weights: Float32Array,
  deviationOf: (column: number) => number,
): FeatureImportance[] {
  const features = columns - (preparation.intercept ? 1 : 0);
  const outputs = weights.length / columns;
  const labels = preparation.target.classes ?? [];
  const all: FeatureImportance[] = [];
  for (let column = 0; column < features; column++) {
    const moves = Array.from(
      { length: outputs },
      (_, output) => weights[output * columns + column]! * deviationOf(column),
    );
    const most = moves.reduce(
      (best, move, i) => (Math.abs(move) > Math.abs(moves[best]!) ? i : best),
      0,
    );
    all.push({
      feature: preparation.featureNames[column]!,
      ...(outputs > 1 ? { class: labels[most]! } : {}),
      perDeviation: moves[most]!,
    });
  }
  const bySize = all.toSorted((a, b) => Math.abs(b.perDeviation) - Math.abs(a.perDeviation));
  return bySize.slice(0, featuresShown).filter(({ perDeviation }) => perDeviation !== 0);
}
