import { randomFrom } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import { type DoublePart, type TensorPart, tensorLength } from "../math/slices/gradient-part.ts";
import { type PresentRows, presentRows } from "../math/slices/present.ts";
import type { SlicedGradient, SlicedWalk, TableFacts } from "../math/slices/sliced-gradient.ts";
import type { TensorSpec, Vector } from "../math/vector.ts";
import type { Problem } from "../problems/problem.ts";
import { minibatch } from "./minibatch.ts";
import type { RoundTask } from "./task-kind.ts";

/** What the steps of a slot hang on. */
interface StepsTask extends RoundTask {
  readonly rates: Float64Array<ArrayBuffer>;
  readonly batch: number;
  readonly seed: number;
}

/**
 * The local steps of plain gradient descent, told tensor by tensor: the change of what minibatches
 * touched, to the bit that of steps of all weights. Null where the problem has no tables.
 */
export function takeSlicedSteps(
  problem: Problem,
  examples: Examples,
  task: StepsTask,
): SlicedGradient | null {
  const own = problem.slicedWalk?.(task.weights) ?? null;
  if (own !== null)
    try {
      const taken = walked(own, examples, task);
      if (taken !== null) return taken;
    } finally {
      own.close();
    }
  return walked(plainWalk(problem, task.weights), examples, task);
}

function walked(walk: SlicedWalk, examples: Examples, task: StepsTask): SlicedGradient | null {
  const { rates, batch, seed, round, slot } = task;
  const random = randomFrom(seed).fork(`round/${round}/slot/${slot}`);
  let facts: readonly TableFacts[] = [];
  let loss = 0;
  for (let h = 0; h < rates.length; h++) {
    const draws = random.fork(`step/${h}`);
    const some = minibatch(examples, batch, draws);
    const step = walk.step(some, rates[h]!, draws);
    if (step === null) return null;
    loss += step.loss / some.targets.length / rates.length;
    facts = step.tables;
  }
  const parts = walk.change();
  const tables = facts.map((table) => {
    const part = parts[table.tensor]!;
    return part.kind === "slices" ? { ...table, rows: part.slices.ids.length } : table;
  });
  return { loss, parts, tables };
}

/** Steps along the gradients that a problem tells by rows. */
function plainWalk(problem: Problem, weights: Float32Array): SlicedWalk {
  const walk = new PlainWalk(weights, problem.parameters ?? []);
  return {
    step(examples, rate, random) {
      const { at, moved } = walk;
      const sliced = problem.slicedGradient?.(examples, at, "auto", random, moved) ?? null;
      if (sliced !== null) walk.step(sliced.parts, examples.targets.length, rate);
      return sliced;
    },
    change: () => walk.change(),
    close() {},
  };
}

/** Where a walk stands, in doubles, and which rows it has moved. */
class PlainWalk {
  /** The nearest float32: where gradients are asked. */
  readonly at: Float32Array<ArrayBuffer>;
  /** Rows that the last step moved; undefined before there was one. */
  moved: PresentRows | undefined;
  private readonly from: Float32Array;
  /** Set where something moved only: memory that nobody touches is not there. */
  private readonly here: Float64Array<ArrayBuffer>;
  private readonly tensors: readonly MovedTensor[];

  constructor(weights: Float32Array, tensors: readonly TensorSpec[]) {
    this.from = weights;
    this.at = new Float32Array(weights);
    this.here = new Float64Array(weights.length);
    let from = 0;
    this.tensors = tensors.map((tensor) => {
      const begin = from;
      from += tensorLength(tensor);
      const [rows, columns] = tensor.shape.length === 2 ? tensor.shape : [1, from - begin];
      return { from: begin, rows: rows!, columns: columns!, moved: new Set(), isWhole: false };
    });
  }

  /** Minus rate x gradient / count. */
  step(parts: readonly TensorPart[], count: number, rate: number): void {
    this.moved = presentRows(parts);
    for (const [i, part] of parts.entries()) {
      const tensor = this.tensors[i]!;
      const { rows, columns } = tensor;
      if (part.kind === "dense") {
        for (let row = 0; row < rows; row++) this.begin(tensor, row);
        tensor.isWhole = true;
        this.move(tensor.from, part.values, 0, rows * columns, count, rate);
        continue;
      }
      const { ids, values } = part.slices;
      for (let k = 0; k < ids.length; k++) {
        this.begin(tensor, ids[k]!);
        this.move(tensor.from + ids[k]! * columns, values, k * columns, columns, count, rate);
      }
    }
  }

  /** From where it ended to where it began. */
  change(): readonly DoublePart[] {
    return this.tensors.map(({ from, rows, columns, moved, isWhole }): DoublePart => {
      if (isWhole) return { kind: "dense", values: this.changeOf(from, rows * columns) };
      const ids = Uint32Array.from(moved).sort();
      const values = new Float64Array(ids.length * columns);
      for (let k = 0; k < ids.length; k++)
        values.set(this.changeOf(from + ids[k]! * columns, columns), k * columns);
      return { kind: "slices", slices: { rows, columns, ids, values } };
    });
  }

  private begin({ from, columns, moved, isWhole }: MovedTensor, row: number): void {
    if (isWhole || moved.has(row)) return;
    moved.add(row);
    const to = from + row * columns;
    for (let j = to; j < to + columns; j++) this.here[j] = this.from[j]!;
  }

  private move(
    to: number,
    gradient: Vector,
    from: number,
    length: number,
    count: number,
    rate: number,
  ): void {
    const { here, at } = this;
    for (let j = 0; j < length; j++) {
      const next = here[to + j]! - rate * (gradient[from + j]! / count);
      here[to + j] = next;
      at[to + j] = next;
    }
  }

  private changeOf(from: number, length: number): Float64Array<ArrayBuffer> {
    const out = new Float64Array(length);
    for (let j = 0; j < length; j++) out[j] = this.from[from + j]! - this.here[from + j]!;
    return out;
  }
}

interface MovedTensor {
  readonly from: number;
  readonly rows: number;
  readonly columns: number;
  readonly moved: Set<number>;
  isWhole: boolean;
}
