import { RunError } from "../../core/errors.ts";
import { functions, invocationUsd, prices } from "../../limits.ts";
import {
  type Compute,
  type Deliver,
  noUsage,
  type Slotted,
  spared,
  type Usage,
} from "../../ports/compute.ts";
import { removeAll } from "../../ports/remove-all.ts";
import type { Store } from "../../ports/store.ts";
import { rounded } from "../../run/spending.ts";
import { dayOf, type SpendingLedger, spendingLedger } from "./spending-ledger.ts";

/** What a stage may spend on a day, as one of its orchestrators keeps to it. */
export interface StageCap {
  /** Aborted, with the reason, once something did not fit any more. */
  readonly signal: AbortSignal;
  /** Reserves what this invocation may cost, before anything else does. */
  begin(): Promise<void>;
  /** A compute whose tasks start only where the most that they can cost was reserved before. */
  compute<Task extends Slotted, Reply>(
    inner: Compute<Task, Reply>,
    boundUsd: (task: Task) => number,
  ): Compute<Task, Reply>;
  /** A store whose requests count. */
  store(inner: Store): Store;
  /** Gives back what was reserved and can not be spent any more. */
  close(): Promise<void>;
}

interface Account {
  readonly day: string;
  grantedUsd: number;
  /** Spent, and the bounds of what is under way. */
  committedUsd: number;
}

/** So many requests to the store are kept paid for between two reservations. */
const slackPuts = 1_000;
const slackUsd = slackPuts * prices.s3.usdPerPut;
/** Of the cap, how much is reserved at a time: the ledger is asked so much less often. */
const share = 1 / 100;
/** A durable step and a wait. */
const segmentOperations = 2;
const segmentUsd = segmentOperations * prices.durable.usdPerOperation;

/**
 * A cap of dollars a day that all runs of a stage share. The bill comes hours later: so the most
 * that each task can cost is reserved in the bucket before it is sent, and what it did not use
 * serves the next. Reserved in lots, and each within the day that it is spent on.
 */
export function stageCap(
  store: Store,
  of: { readonly run: string; readonly capUsd: number; readonly nowMs?: () => number },
): StageCap {
  return new LedgerCap(spendingLedger(store, of), of.capUsd, of.nowMs ?? Date.now);
}

class LedgerCap implements StageCap {
  readonly #ledger: SpendingLedger;
  readonly #capUsd: number;
  readonly #nowMs: () => number;
  readonly #control = new AbortController();
  readonly #accounts = new Map<string, Account>();
  /** One reservation at a time. */
  #asking: Promise<unknown> = Promise.resolve();
  #segment: {
    readonly account: Account;
    readonly boundUsd: number;
    readonly sinceMs: number;
  } | null = null;

  constructor(ledger: SpendingLedger, capUsd: number, nowMs: () => number) {
    this.#ledger = ledger;
    this.#capUsd = capUsd;
    this.#nowMs = nowMs;
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  async begin(): Promise<void> {
    const boundUsd = segmentUsd + orchestratorUsd(functions.orchestrator.timeoutMs);
    const account = await this.#take(boundUsd);
    if (account !== null) this.#segment = { account, boundUsd, sinceMs: this.#nowMs() };
  }

  compute<Task extends Slotted, Reply>(
    inner: Compute<Task, Reply>,
    boundUsd: (task: Task) => number,
  ): Compute<Task, Reply> {
    const send = (
      task: Task,
      deliver: Deliver<Reply>,
      isWanted: (() => boolean) | undefined,
      { account, usd }: { readonly account: Account; readonly usd: number },
    ) => {
      let isSettled = false;
      inner.start(
        task,
        (outcome, usage) => {
          // Of a reply that came twice the first one has told the bill.
          if (!isSettled && usage.mayHaveRun !== true) account.committedUsd += usdOf(usage) - usd;
          isSettled = true;
          deliver(outcome, usage);
        },
        isWanted,
      );
    };
    return {
      start: (task, deliver, isWanted) => {
        const usd = boundUsd(task);
        const account = this.#free(usd);
        if (account !== null) return send(task, deliver, isWanted, { account, usd });
        this.#take(usd).then(
          (granted) => {
            if (granted === null) return deliver({ kind: "lost", reason: this.#reason() }, noUsage);
            if (isWanted?.() !== false)
              return send(task, deliver, isWanted, { account: granted, usd });
            granted.committedUsd -= usd;
            deliver(spared, noUsage);
          },
          (thrown: Error) => deliver({ kind: "lost", reason: thrown.message }, noUsage),
        );
      },
      close: () => inner.close(),
    };
  }

  store(inner: Store): Store {
    const counted = <T>(usd: number, work: Promise<T>): Promise<T> => {
      this.#today().committedUsd += usd;
      return work;
    };
    const { usdPerGet, usdPerPut } = prices.s3;
    return {
      read: (key) => counted(usdPerGet, inner.read(key)),
      write: (key, bytes) => counted(usdPerPut, inner.write(key, bytes)),
      writeOnce: (key, bytes) => counted(usdPerPut, inner.writeOnce(key, bytes)),
      list: (prefix) => counted(usdPerPut, inner.list(prefix)),
      remove: (key) => inner.remove(key),
      removeAll: (keys) => removeAll(inner, keys),
    };
  }

  async close(): Promise<void> {
    await this.#asking;
    if (this.#segment !== null) {
      const { account, boundUsd, sinceMs } = this.#segment;
      account.committedUsd += segmentUsd + orchestratorUsd(this.#nowMs() - sinceMs) - boundUsd;
    }
    for (const { day, grantedUsd, committedUsd } of this.#accounts.values())
      await this.#ledger.giveBack(day, grantedUsd - committedUsd);
    this.#accounts.clear();
  }

  #today(): Account {
    const day = dayOf(this.#nowMs());
    const known = this.#accounts.get(day);
    if (known !== undefined) return known;
    const account = { day, grantedUsd: 0, committedUsd: 0 };
    this.#accounts.set(day, account);
    return account;
  }

  /** Commits dollars of what is reserved already; null where they do not fit. */
  #free(usd: number): Account | null {
    const account = this.#today();
    if (account.grantedUsd - account.committedUsd < usd + slackUsd) return null;
    account.committedUsd += usd;
    return account;
  }

  /** Commits dollars, reserving more where need be; null where the cap does not allow it. */
  #take(usd: number): Promise<Account | null> {
    const next = this.#asking.then(async () => {
      const known = this.#free(usd);
      if (known !== null) return known;
      if (this.signal.aborted) return null;
      const account = this.#today();
      const leastUsd = usd + slackUsd - (account.grantedUsd - account.committedUsd);
      const mostUsd = Math.max(leastUsd, this.#capUsd * share);
      const usdMore = await this.#ledger.reserve(account.day, { leastUsd, mostUsd });
      account.grantedUsd += usdMore;
      if (usdMore > 0) {
        account.committedUsd += usd;
        return account;
      }
      const spentUsd = await this.#ledger.totalUsd(account.day);
      this.#control.abort(reached(this.#capUsd, spentUsd, leastUsd));
      return null;
    });
    this.#asking = next.catch(() => null);
    return next;
  }

  #reason(): string {
    return (this.signal.reason as Error).message;
  }
}

function reached(capUsd: number, spentUsd: number, nextUsd: number): RunError {
  return new RunError(
    "over-budget",
    `the stage's cap of $${capUsd} a day: $${rounded(spentUsd)} of it are spent or reserved, and ` +
      `what comes next may cost up to $${rounded(nextUsd)}`,
    { hint: "go on tomorrow (UTC) with kofn resume, or deploy with a larger KOFN_DAILY_USD" },
  );
}

function orchestratorUsd(billedMs: number): number {
  const { memoryMb, architecture } = functions.orchestrator;
  return invocationUsd({ billedMs, memoryMb, architecture });
}

function usdOf({ costUsd, storeReads = 0, storeWrites = 0 }: Usage): number {
  return costUsd + storeReads * prices.s3.usdPerGet + storeWrites * prices.s3.usdPerPut;
}
