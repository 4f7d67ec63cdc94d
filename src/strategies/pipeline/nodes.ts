import { assert } from "../../core/errors.ts";
import type { PipelineLayout } from "../../model-parallel/pipeline-layout.ts";
import { makeSchedule, orderFor } from "../../model-parallel/schedule.ts";
import type { GraphNode } from "../../quorum/graph-nodes.ts";
import { dealParts } from "./replicas.ts";
import type { StagesPlan } from "./state.ts";

/** What a node of a step does. */
export type Work = PassWork | PartWork;

export interface PassWork {
  readonly pass: "forward" | "backward";
  readonly stage: number;
  readonly microbatch: number;
  /** The pipeline that it is of; 0 where there is one. */
  readonly replica: number;
}

export interface PartWork {
  readonly pass: "sums" | "update";
  readonly part: number;
}

export interface StepNodes {
  /** With the replicas that count in the step, where that is known: they update the weights. */
  nodes(joined?: readonly number[]): readonly GraphNode[];
  workOf(key: string): Work;
  keyOf(work: Work): string;
}

/**
 * The tasks of a step: each stage's passes in the order of the schedule, in each replica, then an
 * update of each part of the weights, after sums over all parts where the optimizer needs such. A
 * stage that exports nothing does all its work in its backward tasks.
 */
export function stepNodes(plan: Shape): StepNodes {
  const { layout, sumsPerTensor, replicas } = plan;
  const isOne = replicas.microbatches.length === 1;
  const keyOf = (work: Work) =>
    "part" in work
      ? `${work.pass}/part-${work.part}`
      : `${isOne ? "" : `replica-${work.replica}/`}${work.pass}/stage-${work.stage}/microbatch-` +
        `${work.microbatch}`;
  const works = new Map<string, Work>();
  const passes: GraphNode[] = [];
  const workers = workersOf(layout);
  for (const [replica, own] of replicas.microbatches.entries())
    addPasses(plan, replica, own, (work, worker, after) => {
      const key = keyOf(work);
      works.set(key, work);
      const slots = [replica * workers + worker];
      const node = { key, slots, after: [...new Set(after.map(keyOf))] };
      passes.push(isOne ? node : { ...node, group: replica });
    });
  const updatesBy = (updaters: readonly number[]) => {
    const nodes: GraphNode[] = [];
    const updaterOf = dealParts(layout.parts, updaters);
    const add: Add<PartWork, Work> = (work, worker, after) => {
      const key = keyOf(work);
      works.set(key, work);
      const slots = [updaterOf[work.part]! * workers + worker];
      const node = { key, slots, after: [...new Set(after.map(keyOf))] };
      nodes.push(isOne ? node : { ...node, afterGroups: true });
    };
    // Who comes after groups names none of their nodes.
    const backward = (users: readonly number[]) =>
      users.flatMap((stage) =>
        (isOne ? plan.microbatches : []).map((_, microbatch): Work => {
          return { pass: "backward", stage, microbatch, replica: 0 };
        }),
      );
    if (sumsPerTensor === 0) addParts(layout, updaterOf, "update", backward, add);
    else {
      addParts(layout, updaterOf, "sums", backward, add);
      const sums = layout.parts.map((_, part): Work => ({ pass: "sums", part }));
      addParts(layout, updaterOf, "update", () => sums, add);
    }
    return nodes;
  };
  const listOf = madeOnce((updaters) => [...passes, ...updatesBy(updaters)]);
  listOf([0]);
  return {
    nodes: (joined = [0]) => listOf(plan.shardOptimizer ? joined : joined.slice(0, 1)),
    workOf(key) {
      const work = works.get(key);
      assert(work !== undefined, `there is no task ${key}`);
      return work;
    },
    keyOf,
  };
}

/** The same list for the same replicas: a graph knows it again. */
function madeOnce(make: (updaters: readonly number[]) => readonly GraphNode[]): typeof make {
  const lists = new Map<string, readonly GraphNode[]>();
  return (updaters) => {
    const list = lists.get(updaters.join()) ?? make(updaters);
    lists.set(updaters.join(), list);
    return list;
  };
}

/** Of one pipeline; a worker may have several stages. */
export function workersOf({ stages, workers }: PipelineLayout): number {
  return workers ?? 1 + Math.max(...stages.map(({ worker }) => worker));
}

type Shape = Pick<
  StagesPlan,
  | "layout"
  | "schedule"
  | "activeMicrobatches"
  | "microbatches"
  | "sumsPerTensor"
  | "replicas"
  | "shardOptimizer"
>;
type Add<Of extends Work, After extends Work> = (
  work: Of,
  worker: number,
  after: readonly After[],
) => void;

function addPasses(
  { layout, schedule: name, activeMicrobatches }: Shape,
  replica: number,
  own: readonly number[],
  add: Add<PassWork, PassWork>,
): void {
  const { stages } = layout;
  const pipeline = {
    workerOf: stages.map(({ worker }) => worker),
    producers: stages.map(({ imports }) => [...new Set(imports.map(({ stage }) => stage))]),
  };
  const schedule = makeSchedule(pipeline, {
    ...{ name: orderFor(name, pipeline), microbatches: own.length },
    ...(activeMicrobatches === null ? {} : { activeMicrobatches }),
  });
  for (const [worker, order] of schedule.workers.entries()) {
    let before: PassWork | null = null;
    for (const { kind, stage, microbatch: turn } of order) {
      const isForward = kind === "F";
      if (isForward && stages[stage]!.exports.length === 0) continue;
      const pass = isForward ? "forward" : "backward";
      const work: PassWork = { pass, stage, microbatch: own[turn]!, replica };
      add(work, worker, [...(before === null ? [] : [before]), ...needs(layout, work)]);
      before = work;
    }
  }
}

/** A worker's parts one after another: a second environment would start cold. */
function addParts(
  { stages, parts }: PipelineLayout,
  updaterOf: readonly number[],
  pass: PartWork["pass"],
  after: (users: readonly number[]) => readonly Work[],
  add: Add<PartWork, Work>,
): void {
  const last = new Map<string, Work>();
  for (const [part, { owner, stages: users }] of parts.entries()) {
    const { worker } = stages[owner]!;
    const slot = `${updaterOf[part]}/${worker}`;
    const before = last.get(slot);
    const work: PartWork = { pass, part };
    add(work, worker, [...after(users), ...(before === undefined ? [] : [before])]);
    last.set(slot, work);
  }
}

function needs({ stages }: PipelineLayout, work: PassWork): PassWork[] {
  const { imports, consumers } = stages[work.stage]!;
  const reads = imports.map((one): PassWork => ({ ...work, pass: "forward", stage: one.stage }));
  if (work.pass === "forward") return reads;
  return [
    ...reads,
    ...consumers.map((consumer): PassWork => ({ ...work, pass: "backward", stage: consumer })),
  ];
}
