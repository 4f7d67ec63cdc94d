import type { Step, Strategy } from "../../src/engine/strategy.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { Outcome } from "../../src/ports/compute.ts";
import type { RoundsState } from "../../src/strategies/rounds/state.ts";
import type { WorkerReply, WorkerTask } from "../../src/tasks/protocol.ts";

export type Rounds = Strategy<RoundsState, WorkerTask, WorkerReply>;

/** Hands the strategy one slot's outcome. */
export function reply(
  strategy: Rounds,
  state: RoundsState,
  slot: number,
  outcome: Outcome<WorkerReply>,
  atMs = 0,
): Step<RoundsState, WorkerTask> {
  const task = strategy.wanted(state).find((one) => one.slot === slot);
  if (task === undefined) throw new Error(`nothing is wanted of slot ${slot}`);
  return strategy.receive(state, { kind: "reply", task, outcome }, atMs);
}

/** One quorum: the replies of exactly these slots, in this order. */
export function quorumOf(
  strategy: Rounds,
  state: RoundsState,
  slots: readonly number[],
  perform: (task: WorkerTask) => WorkerReply,
): RoundsState {
  return slots.reduce((now, slot) => {
    const task = strategy.wanted(now).find((one) => one.slot === slot);
    if (task === undefined) throw new Error(`nothing is wanted of slot ${slot}`);
    const outcome = { kind: "done", result: perform(task) } as const;
    return strategy.receive(now, { kind: "reply", task, outcome }, 0).state;
  }, state);
}

/** X'X and X'y of the rows of some shards together, in double precision. */
export function gram(shards: readonly Examples[]): { matrix: number[][]; side: number[] } {
  const columns = shards[0]!.rows.columns;
  const matrix = Array.from({ length: columns }, () => new Array<number>(columns).fill(0));
  const side = new Array<number>(columns).fill(0);
  for (const { rows, targets } of shards) {
    for (let i = 0; i < rows.rows; i++) {
      const x = rows.values.subarray(i * columns, (i + 1) * columns);
      for (let a = 0; a < columns; a++) {
        side[a]! += x[a]! * targets[i]!;
        for (let b = 0; b < columns; b++) matrix[a]![b]! += x[a]! * x[b]!;
      }
    }
  }
  return { matrix, side };
}

/** Half the sum of squared residuals over some shards. */
export function halfSquares(shards: readonly Examples[], weights: ArrayLike<number>): number {
  let sum = 0;
  for (const { rows, targets } of shards) {
    const { columns } = rows;
    for (let i = 0; i < rows.rows; i++) {
      let residual = -targets[i]!;
      for (let j = 0; j < columns; j++) residual += rows.values[i * columns + j]! * weights[j]!;
      sum += residual * residual;
    }
  }
  return sum / 2;
}

/** Gaussian elimination with the largest pivot. */
export function solve(matrix: readonly number[][], side: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, side[i]!]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let i = column + 1; i < size; i++)
      if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const top = rows[column]!;
    for (let i = column + 1; i < size; i++) {
      const row = rows[i]!;
      const factor = row[column]! / top[column]!;
      if (factor !== 0) for (let j = column; j <= size; j++) row[j]! -= factor * top[j]!;
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    let sum = rows[i]![size]!;
    for (let j = i + 1; j < size; j++) sum -= rows[i]![j]! * solution[j]!;
    solution[i] = sum / rows[i]![i]!;
  }
  return solution;
}

/** Least and largest eigenvalue of a symmetric matrix, by Jacobi rotations. */
export function extremes(matrix: readonly number[][]): { least: number; largest: number } {
  const a = matrix.map((row) => [...row]);
  const size = a.length;
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(a[p]![q]!) < 1e-15) continue;
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < size; k++) {
          const [kp, kq] = [a[k]![p]!, a[k]![q]!];
          a[k]![p] = c * kp - s * kq;
          a[k]![q] = s * kp + c * kq;
        }
        for (let k = 0; k < size; k++) {
          const [pk, qk] = [a[p]![k]!, a[q]![k]!];
          a[p]![k] = c * pk - s * qk;
          a[q]![k] = s * pk + c * qk;
        }
      }
    }
  }
  const values = a.map((row, i) => row[i]!);
  return { least: Math.min(...values), largest: Math.max(...values) };
}
