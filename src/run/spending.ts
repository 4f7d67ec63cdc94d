import { RunError } from "../core/errors.ts";
import {
  expectedUsd,
  type KindCosts,
  type MeteredCosts,
  nothingMetered,
  type TaskPrices,
  withOne,
} from "../journal/task-costs.ts";
import { prices as awsPrices } from "../limits.ts";
import type { Slotted, Usage } from "../ports/compute.ts";
import type { ArrivalEvent } from "../ports/events.ts";

/** What a wave of tasks, together with all that is in flight, can cost. */
export interface Reserved {
  readonly isOver: boolean;
  /** The bound of the wave alone. */
  readonly boundUsd: number;
  /** What the wave is expected to cost. */
  readonly forecastUsd: number;
}

/** A task that ran into its limit gets so many times as long when it is sent again. */
const longer = 4;

interface Open<Task> {
  readonly task: Task;
  readonly limitMs: number;
  readonly boundUsd: number;
}

type Costed = Slotted & { readonly operation: string };

/**
 * A run's dollars, reserved ahead of time. Each task gets a limit of time that its worker keeps, so
 * that it cannot cost more than a bound; no task starts unless the bounds of all that are in flight
 * fit into what is left. A metered reply gives back what it did not use. A task whose bill nobody
 * knows, as its reply was lost on the way, keeps its bound. Depends on sent tasks and their replies
 * alone, in their order.
 */
export class Spending<Task extends Costed> {
  private readonly dollars: number;
  private readonly prices: TaskPrices<Task> | null;
  private readonly costs = new Map<string, KindCosts>();
  /** A task of each kind: by it goes what the next will cost. */
  private readonly examples = new Map<string, Task>();
  private readonly open = new Map<string, Open<Task>[]>();
  /** How often a slot's tasks of a kind ran into their limits, less each time half would do. */
  private readonly levels = new Map<string, number>();
  private openUsd = 0;
  /** Spent besides what replies metered: bounds of lost bills, and requests to the store. */
  private besidesUsd: number;

  constructor(
    dollars: number,
    prices: TaskPrices<Task> | null,
    before: { readonly costs?: MeteredCosts | undefined; readonly besidesUsd?: number } = {},
  ) {
    this.dollars = dollars;
    this.prices = prices;
    this.besidesUsd = before.besidesUsd ?? 0;
    for (const [kind, costs] of Object.entries(before.costs ?? {})) this.costs.set(kind, costs);
  }

  /** Reserves the bounds of these tasks, unless they exceed what is left. */
  reserve(tasks: readonly Task[], meteredUsd: number): Reserved {
    let boundUsd = 0;
    let forecastUsd = 0;
    const wave = tasks.map((task): Open<Task> => {
      const limitMs = this.limitMs(task);
      const usd = this.prices?.boundUsd(task, limitMs) ?? 0;
      boundUsd += usd;
      forecastUsd += this.expectedUsd(task);
      return { task, limitMs, boundUsd: usd };
    });
    if (this.committedUsd(meteredUsd) + boundUsd > this.dollars)
      return { isOver: true, boundUsd, forecastUsd };
    for (const one of wave) this.add(one);
    return { isOver: false, boundUsd, forecastUsd };
  }

  /** Spent, and reserved for what is in flight. */
  committedUsd(meteredUsd: number): number {
    return meteredUsd + this.besidesUsd + this.openUsd;
  }

  /** Spent, as far as that is known. */
  spentUsd(meteredUsd: number): number {
    return meteredUsd + this.besidesUsd;
  }

  /** The task as its worker is sent it: with the limit that it was reserved with. */
  limited(task: Task): Task {
    if (this.prices === null) return task;
    const limitMs = this.open.get(task.id)?.at(-1)?.limitMs;
    return limitMs === undefined ? task : { ...task, limitMs };
  }

  /** Ends a reply's reservation. */
  settle({ task: id, slot, usage, reason }: ArrivalEvent): void {
    const one = this.remove(id);
    this.besidesUsd += storeUsd(usage);
    if (one === null) return;
    if (usage.mayHaveRun === true) this.besidesUsd += one.boundUsd;
    const { billedMs, coldStart, costUsd } = usage;
    if (billedMs === 0 && costUsd === 0) return;
    const { operation } = one.task;
    const { warm, cold } = this.costs.get(operation) ?? nothingMetered;
    this.costs.set(
      operation,
      coldStart ? { warm, cold: withOne(cold, costUsd) } : { warm: withOne(warm, costUsd), cold },
    );
    const name = `${slot} ${operation}`;
    const level = this.levels.get(name) ?? 0;
    if (reason !== undefined && billedMs >= one.limitMs) this.levels.set(name, level + 1);
    else if (level > 0 && 2 * billedMs < one.limitMs / longer) this.levels.set(name, level - 1);
  }

  metered(): MeteredCosts {
    return Object.fromEntries(this.costs);
  }

  /** What one more round is expected to cost, by the rounds so far; 0 before the first. */
  roundUsd(rounds: number): number {
    let usd = 0;
    if (rounds === 0) return usd;
    for (const [operation, { warm, cold }] of this.costs) {
      const task = this.examples.get(operation);
      if (task !== undefined) usd += ((warm.count + cold.count) / rounds) * this.expectedUsd(task);
    }
    return usd;
  }

  private expectedUsd(task: Task): number {
    const costs = this.costs.get(task.operation) ?? nothingMetered;
    const isCold = costs.warm.count + costs.cold.count === 0;
    return expectedUsd(costs, (cold) => this.prices?.expectedUsd(task, cold) ?? 0, isCold);
  }

  private limitMs(task: Task): number {
    if (this.prices === null) return Number.POSITIVE_INFINITY;
    const level = this.levels.get(`${task.slot} ${task.operation}`) ?? 0;
    return Math.min(this.prices.limitMsMax, this.prices.limitMs(task) * longer ** level);
  }

  private add(one: Open<Task>): void {
    const { id, operation } = one.task;
    this.examples.set(operation, one.task);
    this.openUsd += one.boundUsd;
    const others = this.open.get(id);
    if (others === undefined) this.open.set(id, [one]);
    else others.push(one);
  }

  /** Of several tasks of one name, which of them replied is not known: the cheapest is taken. */
  private remove(id: string): Open<Task> | null {
    const entries = this.open.get(id) ?? [];
    if (entries.length === 0) return null;
    const least = entries.reduce((a, b) => (b.boundUsd < a.boundUsd ? b : a));
    entries.splice(entries.indexOf(least), 1);
    if (entries.length === 0) this.open.delete(id);
    // What many sums and differences leave behind ends with the last of them.
    this.openUsd = this.open.size === 0 ? 0 : this.openUsd - least.boundUsd;
    return least;
  }
}

function storeUsd({ storeReads = 0, storeWrites = 0 }: Usage): number {
  return storeReads * awsPrices.s3.usdPerGet + storeWrites * awsPrices.s3.usdPerPut;
}

/** Throws `RunError` where a budget does not even pay for the tasks that a run begins with. */
export function refuseSmallBudget<Task extends Costed>(
  dollars: number,
  prices: TaskPrices<Task>,
  first: readonly Task[],
): void {
  const { isOver, boundUsd, forecastUsd } = new Spending(dollars, prices).reserve(first, 0);
  if (!isOver) return;
  const needed = `$${rounded(boundUsd)}`;
  throw new RunError(
    "small-budget",
    `stop.dollars: $${dollars} does not pay for the first ${first.length} tasks, which may cost ` +
      `up to ${needed} and are forecast at $${rounded(forecastUsd)}`,
    { hint: `nothing was spent; give at least ${needed}, or ask fewer workers` },
  );
}

/** Rounds up to three digits: the amount that is named must suffice. */
export function rounded(usd: number): string {
  if (usd === 0) return "0";
  const magnitude = Math.floor(Math.log10(usd));
  const unit = 10 ** (magnitude - 2);
  return (Math.ceil(usd / unit - 1e-9) * unit).toFixed(Math.max(0, 2 - magnitude));
}
