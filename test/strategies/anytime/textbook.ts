import { randomFrom } from "../../../src/core/random.ts";
import type { RunEvent } from "../../../src/ports/events.ts";
import { l2, learningRate, type Scene } from "./scene.ts";

/**
 * Minibatch gradient descent for ridge as a plain loop: in each recorded round, of each slot that
 * counted as many rows as were recorded, one after another in the drawn order.
 */
export function textbook({ shards, plan }: Scene, events: readonly RunEvent[]): number[] {
  const { columns } = shards[0]!.rows;
  const weights = new Array<number>(columns).fill(0);
  const done = new Map<string, number>();
  for (const event of events) {
    if (event.type === "arrival" && event.fate === "counted")
      done.set(`${/^round-\d+/.exec(event.task)![0]}/${event.slot}`, event.rows!);
    if (event.type !== "round") continue;
    const gradient = new Array<number>(columns).fill(0);
    let rows = 0;
    for (const slot of event.counted) {
      const { rows: all, targets } = shards[slot]!;
      const random = randomFrom(plan.work.seed).fork(`anytime/${event.round}/slot/${slot}`);
      const order = shuffledBy(random.fork("order"), targets.length);
      for (const row of order.slice(0, done.get(`round-${event.round}/${slot}`))) {
        const x = all.values.subarray(row * columns, (row + 1) * columns);
        const residual = x.reduce((sum, value, j) => sum + value * weights[j]!, -targets[row]!);
        for (let j = 0; j < columns; j++) gradient[j]! += residual * x[j]!;
        rows++;
      }
    }
    for (let j = 0; j < columns; j++)
      weights[j]! -= learningRate * (gradient[j]! / rows + l2 * weights[j]!);
  }
  return weights;
}

function shuffledBy(random: { integer(below: number): number }, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(count - i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
