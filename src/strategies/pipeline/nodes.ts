import { assert } from "../../core/errors.ts";
import type { PipelineLayout } from "../../model-parallel/pipeline-layout.ts";
import { makeSchedule } from "../../model-parallel/schedule.ts";
import type { GraphNode } from "../../quorum/graph-nodes.ts";
import type { StagesPlan } from "./state.ts";

/** What a node of a step does. */
export type Work =
  | {
      readonly pass: "forward" | "backward";
      readonly stage: number;
      readonly microbatch: number;
    }
  | { readonly pass: "sums" | "update"; readonly part: number };

export interface StepNodes {
  readonly nodes: readonly GraphNode[];
  workOf(key: string): Work;
}

export function nodeKey(work: Work): string {
  return "part" in work
    ? `${work.pass}/part-${work.part}`
    : `${work.pass}/stage-${work.stage}/microbatch-${work.microbatch}`;
}

/**
 * The tasks of a step: each stage's passes in the order of the schedule, then an update of each
 * part of the weights, after sums over all parts where the optimizer needs such. A stage that
 * exports nothing does all its work in its backward tasks.
 */
export function stepNodes(plan: Shape): StepNodes {
  const works = new Map<string, Work>();
  const nodes: GraphNode[] = [];
  const add: Add = (work, worker, after) => {
    const key = nodeKey(work);
    works.set(key, work);
    nodes.push({ key, slots: [worker], after: [...new Set(after.map(nodeKey))] });
  };
  addPasses(plan, add);
  const { microbatches, layout, sumsPerTensor } = plan;
  const backward = (users: readonly number[]) =>
    users.flatMap((stage) =>
      microbatches.map((_, microbatch): Work => ({ pass: "backward", stage, microbatch })),
    );
  if (sumsPerTensor === 0) addParts(layout, "update", backward, add);
  else {
    addParts(layout, "sums", backward, add);
    const sums = layout.parts.map((_, part): Work => ({ pass: "sums", part }));
    addParts(layout, "update", () => sums, add);
  }
  return {
    nodes,
    workOf(key) {
      const work = works.get(key);
      assert(work !== undefined, `there is no task ${key}`);
      return work;
    },
  };
}

type Shape = Pick<
  StagesPlan,
  "layout" | "schedule" | "activeMicrobatches" | "microbatches" | "sumsPerTensor"
>;
type Add = (work: Work, worker: number, after: readonly Work[]) => void;

function addPasses({ layout, schedule: name, activeMicrobatches, microbatches }: Shape, add: Add) {
  const { stages } = layout;
  const pipeline = {
    workerOf: stages.map(({ worker }) => worker),
    producers: stages.map(({ imports }) => [...new Set(imports.map(({ stage }) => stage))]),
  };
  const schedule = makeSchedule(pipeline, {
    ...{ name, microbatches: microbatches.length },
    ...(activeMicrobatches === null ? {} : { activeMicrobatches }),
  });
  for (const [worker, order] of schedule.workers.entries()) {
    let before: Work | null = null;
    for (const { kind, stage, microbatch } of order) {
      const isForward = kind === "F";
      if (isForward && stages[stage]!.exports.length === 0) continue;
      const work: Passing = { pass: isForward ? "forward" : "backward", stage, microbatch };
      add(work, worker, [...(before === null ? [] : [before]), ...needs(layout, work)]);
      before = work;
    }
  }
}

/** A worker's parts one after another: a second environment would start cold. */
function addParts(
  { stages, parts }: PipelineLayout,
  pass: "sums" | "update",
  after: (users: readonly number[]) => readonly Work[],
  add: Add,
): void {
  const last = new Map<number, Work>();
  for (const [part, { owner, stages: users }] of parts.entries()) {
    const { worker } = stages[owner]!;
    const before = last.get(worker);
    const work: Work = { pass, part };
    add(work, worker, [...after(users), ...(before === undefined ? [] : [before])]);
    last.set(worker, work);
  }
}

function needs({ stages }: PipelineLayout, { pass, stage, microbatch }: Passing): Work[] {
  const { imports, consumers } = stages[stage]!;
  const reads = imports.map((one): Work => ({ pass: "forward", stage: one.stage, microbatch }));
  if (pass === "forward") return reads;
  return [
    ...reads,
    ...consumers.map((consumer): Work => ({ pass: "backward", stage: consumer, microbatch })),
  ];
}

type Passing = Extract<Work, { readonly pass: "forward" | "backward" }>;
