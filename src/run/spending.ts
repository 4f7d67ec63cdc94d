import { RunError } from "../core/errors.ts";
import {
  type Expected,
  expectedCost,
  free,
  type KindCosts,
  type MeteredCosts,
  nothingMetered,
  type TaskPrices,
  withOne,
} from "../journal/task-costs.ts";
import type { Slotted } from "../ports/compute.ts";
import type { ArrivalEvent } from "../ports/events.ts";

/** A wave's forecast, together with all that is in flight. */
export interface Reserved {
  readonly isOver: boolean;
  readonly usd: number;
  readonly tasks: number;
}

/**
 * A forecast is the mean plus so many standard deviations of the sum, and at least one task as
 * expensive as the most expensive one: the last tasks in flight are the late ones, and slow
 * moments hit all tasks.
 */
const deviations = 6;

interface Kind {
  /** A task's price by the plan. */
  readonly plan: (isCold: boolean) => Expected;
  costs: KindCosts;
  warmOpen: number;
  coldOpen: number;
}

interface Open {
  readonly kind: Kind;
  readonly isCold: boolean;
}

type Costed = Slotted & { readonly operation: string };

/**
 * A run's dollars, reserved ahead of time: no task starts whose forecast exceeds what is left. The
 * forecast of a task is that of its kind: by metered replies, and before any by the plan. A slot's
 * task starts an environment if all that the slot is known to have are busy. Depends on sent tasks
 * and metered replies alone, in their order.
 */
export class Spending<Task extends Costed> {
  private readonly dollars: number;
  private readonly prices: TaskPrices<Task> | null;
  private readonly before: MeteredCosts;
  private readonly kinds = new Map<string, Kind>();
  private readonly open = new Map<string, Open[]>();
  private readonly slots = new Map<number, { open: number; environments: number }>();

  constructor(dollars: number, prices: TaskPrices<Task> | null, before: MeteredCosts = {}) {
    this.dollars = dollars;
    this.prices = prices;
    this.before = before;
  }

  /** Reserves these tasks' forecast cost, unless it exceeds what is left. */
  reserve(tasks: readonly Task[], spentUsd: number): Reserved {
    for (const task of tasks) this.add(task);
    const usd = this.forecast();
    const { size } = this.open;
    const isOver = spentUsd + usd > this.dollars;
    if (isOver) for (const task of tasks) this.remove(task);
    return { isOver, usd, tasks: size };
  }

  /** Ends a reply's reservation: its cost was metered. */
  settle({ task: id, slot, usage, reason }: ArrivalEvent): void {
    const kind = this.remove({ id, slot });
    const { billedMs, coldStart, costUsd } = usage;
    if (kind === null || (billedMs === 0 && costUsd === 0)) return;
    const { warm, cold } = kind.costs;
    kind.costs = coldStart
      ? { warm, cold: withOne(cold, costUsd) }
      : { warm: withOne(warm, costUsd), cold };
    const slotState = this.slot(slot);
    // A lost task may have ended its environment.
    if (reason !== undefined) slotState.environments -= coldStart ? 0 : 1;
    else if (coldStart) slotState.environments++;
    slotState.environments = Math.max(0, slotState.environments);
  }

  metered(): MeteredCosts {
    const now = [...this.kinds].map(([name, { costs }]) => [name, costs] as const);
    return { ...this.before, ...Object.fromEntries(now) };
  }

  /** What one more round costs, by the rounds so far; 0 before the first. */
  roundUsd(rounds: number): number {
    let usd = 0;
    if (rounds === 0) return usd;
    for (const { plan, costs } of this.kinds.values())
      usd +=
        ((costs.warm.count + costs.cold.count) / rounds) * expectedCost(costs, plan, false).usd;
    return usd;
  }

  /** The sum of all reservations. */
  private forecast(): number {
    let usd = 0;
    let variance = 0;
    let oneMoreUsd = 0;
    for (const { plan, costs, warmOpen, coldOpen } of this.kinds.values())
      for (const isCold of [false, true]) {
        const count = isCold ? coldOpen : warmOpen;
        if (count === 0) continue;
        const one = expectedCost(costs, plan, isCold);
        usd += count * one.usd;
        variance += count * one.deviationUsd ** 2;
        oneMoreUsd = Math.max(oneMoreUsd, one.mostUsd - one.usd);
      }
    return usd + Math.max(oneMoreUsd, deviations * Math.sqrt(variance));
  }

  private add(task: Task): void {
    const kind = this.kind(task);
    const slot = this.slot(task.slot);
    const isCold = slot.open >= slot.environments;
    slot.open++;
    if (isCold) kind.coldOpen++;
    else kind.warmOpen++;
    const openTask = this.open.get(task.id);
    if (openTask === undefined) this.open.set(task.id, [{ kind, isCold }]);
    else openTask.push({ kind, isCold });
  }

  private remove({ id, slot }: Slotted): Kind | null {
    const entries = this.open.get(id) ?? [];
    const last = entries.pop();
    if (last === undefined) return null;
    if (entries.length === 0) this.open.delete(id);
    this.slot(slot).open--;
    if (last.isCold) last.kind.coldOpen--;
    else last.kind.warmOpen--;
    return last.kind;
  }

  private kind(task: Task): Kind {
    const { operation } = task;
    const existing = this.kinds.get(operation);
    if (existing !== undefined) return existing;
    const plan = (isCold: boolean) => this.prices?.expected(task, isCold) ?? free;
    const costs = this.before[operation] ?? nothingMetered;
    const fresh = { plan, costs, warmOpen: 0, coldOpen: 0 };
    this.kinds.set(operation, fresh);
    return fresh;
  }

  private slot(slot: number): { open: number; environments: number } {
    const state = this.slots.get(slot) ?? { open: 0, environments: 0 };
    this.slots.set(slot, state);
    return state;
  }
}

/** Throws `RunError` where a budget does not even pay for the tasks that a run begins with. */
export function refuseSmallBudget<Task extends Costed>(
  dollars: number,
  prices: TaskPrices<Task>,
  first: readonly Task[],
): void {
  const { isOver, usd, tasks } = new Spending(dollars, prices).reserve(first, 0);
  if (!isOver) return;
  const needed = `$${rounded(usd)}`;
  throw new RunError(
    "small-budget",
    `stop.dollars: $${dollars} does not pay for the first ${tasks} tasks, which are forecast at ` +
      needed,
    { hint: `nothing was spent; give more than ${needed}, or ask fewer workers` },
  );
}

/** Rounds up to three digits: the amount that is named must suffice. */
export function rounded(usd: number): string {
  if (usd === 0) return "0";
  const magnitude = Math.floor(Math.log10(usd));
  const unit = 10 ** (magnitude - 2);
  return (Math.ceil(usd / unit - 1e-9) * unit).toFixed(Math.max(0, 2 - magnitude));
}
