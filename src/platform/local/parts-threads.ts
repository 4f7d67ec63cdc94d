import { availableParallelism } from "node:os";
import type { StoredPart } from "../../data/manifests.ts";
import type { ModelFigures } from "../../ports/model-figures.ts";
import { problems } from "../../problems/registry.ts";
import { RocAuc, type RocRows } from "../../problems/roc-auc.ts";
import {
  groupsOf,
  type MeasuredRows,
  type ModelMeasures,
  type ModelWork,
  type PartsPool,
  type PartsWork,
  type PartTallies,
  type TallyWork,
} from "../../run/parts-pool.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { threadCrew } from "./thread-crew.ts";

/** Products of stored numbers: fewer are through sooner than a thread starts. */
const productsMin = 2 ** 26;
/** Of a model evaluated as one of a curve: products for each stored number, or more. */
const curvePasses = 8;
/** Exponentials of rows, and passes over them, count as so many products a stored number. */
const figuresPasses = 8;

/** What a thread is asked: for its share of the parts, or for all of them. */
export type PartsJob =
  | (TallyWork & { readonly kind: "tally"; readonly problem: RunSpec["problem"] })
  | { readonly kind: "gram"; readonly works: readonly PartsWork[] }
  | (Omit<ModelWork, "prepared"> & {
      readonly kind: "measures";
      readonly prepared: MeasuredRows;
      readonly rows: "all" | "test";
    })
  | (ModelWork & { readonly kind: "figures" | "gap" });

/** What became of a share of the parts. */
export interface ThreadTallies {
  readonly tallies: readonly (readonly Float64Array[])[];
  readonly areas: readonly RocRows[];
}

/** Threads over the files of a home; they start when they are first asked. */
export function threadsPool(
  home: string,
  { threads = availableParallelism(), least = productsMin } = {},
): PartsPool {
  const crew = threadCrew<PartsJob>(import.meta.url, home, threads);
  const isWorth = (parts: readonly StoredPart[], times: number) =>
    entriesOf(parts) * times >= least && parts.length > 1;
  const share = <Result>(job: PartsJob) => crew.ask(job) as Promise<Result>;
  const knows = (problem: RunSpec["problem"]) =>
    // A thread knows no problem that a program registered in this one.
    problems.create(problem).load === undefined && !problems.isOwn(problem.type);
  const ofModel = <Result>(
    kind: "figures" | "gap",
    { prepared, problem, weights }: ModelWork,
    parts: readonly StoredPart[],
  ): Promise<Result> | null =>
    threads > 1 && knows(problem) && isWorth(parts, figuresPasses)
      ? share<Result>({ kind, prepared, problem, weights })
      : null;
  return {
    async tally({ parts, ...work }) {
      const count = Math.min(threads, parts.length);
      if (count < 2 || !knows(work.problem) || !isWorth(parts, work.weights.length)) return null;
      const told = await Promise.all(
        dealt(parts, count).map((own) =>
          share<ThreadTallies>({ kind: "tally", ...work, parts: own }),
        ),
      );
      return mergedTallies(told, work.scoresMax);
    },
    async gram({ parts, columns }) {
      const groups = groupsOf(parts).map((group) => ({ parts: group, columns }));
      const count = Math.min(threads, groups.length);
      if (count < 2 || !isWorth(parts, columns / 2)) return null;
      const told = await Promise.all(
        dealt(groups, count).map((works) =>
          share<Float64Array<ArrayBuffer>[]>({ kind: "gram", works }),
        ),
      );
      return inTurn(told);
    },
    measures(of, rows) {
      const { train, test } = of.prepared;
      const parts = rows === "test" ? test : [...train, ...test];
      if (threads < 2 || !knows(of.problem) || !isWorth(parts, curvePasses)) return null;
      const { problem, weights } = of;
      const prepared = measuredRows(of.prepared);
      return share<ModelMeasures>({ kind: "measures", prepared, problem, weights, rows });
    },
    figures({ prepared, ...of }) {
      const parts = prepared.testRows > 0 ? prepared.test : prepared.train;
      return ofModel<ModelFigures | null>("figures", { prepared, ...of }, parts);
    },
    gap: ({ prepared, ...of }) =>
      ofModel<number | null>("gap", { prepared, ...of }, prepared.train),
    close: () => crew.close(),
  };
}

function mergedTallies(told: readonly ThreadTallies[], scoresMax: readonly number[]): PartTallies {
  const areas = scoresMax.map((most, i) => {
    const area = new RocAuc(most);
    for (const one of told) area.addRows(one.areas[i]!);
    return area;
  });
  return { tallies: inTurn(told.map(({ tallies }) => tallies)), areas };
}

function measuredRows(of: MeasuredRows): MeasuredRows {
  const { train, test, columns, rows, targetMean, targetVariance, weighted } = of;
  const told = { train, test, columns, rows, targetMean, targetVariance };
  return weighted === undefined ? told : { ...told, weighted };
}

function entriesOf(parts: readonly StoredPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes / Float32Array.BYTES_PER_ELEMENT, 0);
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
