import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { entryBeside } from "../../core/entries.ts";
import { problems } from "../../problems/registry.ts";
import { RocAuc, type RocRows } from "../../problems/roc-auc.ts";
import { groupsOf, type PartsPool, type PartsWork, type TallyWork } from "../../run/parts-pool.ts";
import type { RunSpec } from "../../spec/run-spec.ts";

/** Products of stored numbers: fewer are through sooner than a thread starts. */
const productsMin = 2 ** 26;

/** What a thread is begun with: its share of the parts. */
export type PartsJob = { readonly home: string } & (
  | (TallyWork & { readonly kind: "tally"; readonly problem: RunSpec["problem"] })
  | { readonly kind: "gram"; readonly works: readonly PartsWork[] }
);

/** What became of it. */
export interface ThreadTallies {
  readonly tallies: readonly (readonly Float64Array[])[];
  readonly areas: readonly RocRows[];
}

/** Threads over the files of a home, each with its share of the parts. */
export function threadsPool(
  home: string,
  { threads = availableParallelism(), least = productsMin } = {},
): PartsPool {
  const isWorth = ({ parts }: PartsWork, times: number) =>
    parts.reduce((sum, { bytes }) => sum + bytes / 4, 0) * times >= least && parts.length > 1;
  return {
    async tally({ parts, ...work }) {
      const isLoaded = problems.create(work.problem).load !== undefined;
      // A thread knows no problem that a program registered in this one.
      const isOwn = problems.isOwn(work.problem.type);
      const count = Math.min(threads, parts.length);
      if (isLoaded || isOwn || count < 2 || !isWorth({ parts, ...work }, work.weights.length))
        return null;
      const shares = dealt(parts, count);
      const told = await Promise.all(
        shares.map((share) =>
          inThread<ThreadTallies>({ kind: "tally", ...work, parts: share, home }),
        ),
      );
      const areas = work.scoresMax.map((scoresMax, i) => {
        const area = new RocAuc(scoresMax);
        for (const one of told) area.addRows(one.areas[i]!);
        return area;
      });
      return { tallies: inTurn(told.map(({ tallies }) => tallies)), areas };
    },
    async gram({ parts, columns }) {
      const groups = groupsOf(parts).map((group) => ({ parts: group, columns }));
      const count = Math.min(threads, groups.length);
      if (count < 2 || !isWorth({ parts, columns }, columns / 2)) return null;
      const told = await Promise.all(
        dealt(groups, count).map((works) =>
          inThread<Float64Array<ArrayBuffer>[]>({ kind: "gram", works, home }),
        ),
      );
      return inTurn(told);
    },
  };
}

function dealt<T>(all: readonly T[], count: number): T[][] {
  return Array.from({ length: count }, (_, share) => all.filter((_, i) => i % count === share));
}

/** What was dealt, in its order again. */
function inTurn<T>(shares: readonly (readonly T[])[]): T[] {
  const total = shares.reduce((sum, share) => sum + share.length, 0);
  const count = shares.length;
  return Array.from({ length: total }, (_, i) => shares[i % count]![Math.floor(i / count)]!);
}

function inThread<Result>(job: PartsJob): Promise<Result> {
  const entry = entryBeside(import.meta.url, "parts-thread");
  return new Promise((resolve, reject) => {
    const thread = new Worker(entry, { workerData: job });
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", (code) => reject(new Error(`its thread ended with code ${code}`)));
  });
}
