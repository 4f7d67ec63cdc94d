import { assert } from "../core/errors.ts";
import type { Chosen } from "../core/registry.ts";
import {
  gradientField,
  type PipelineLayout,
  slopesField,
} from "../model-parallel/pipeline-layout.ts";
import type { Schedule } from "../model-parallel/schedule.ts";
import { simulateSchedule } from "../model-parallel/simulate-schedule.ts";
import type { StageEngine } from "../model-parallel/staged-model.ts";
import type { Stepper } from "../optimizers/optimizer.ts";
import { optimizers } from "../optimizers/registry.ts";
import type { Problem } from "../problems/problem.ts";
import { sumsInOrder } from "../strategies/pipeline/part-tasks.ts";
import type { PartSlopes } from "../tasks/stages/part-gradient.ts";
import { readGradient } from "../tasks/stages/part-gradient.ts";
import { partSums, partUpdate } from "../tasks/stages/part-update.ts";
import type { WorkerContext } from "../tasks/task-kind.ts";

/** A part of the weights in this process, with what the optimizer keeps of it, as a packet. */
export interface HeldPart {
  readonly weights: Float32Array<ArrayBuffer>;
  readonly ahead: Float32Array<ArrayBuffer> | null;
  readonly memory: Uint8Array | null;
}

/** A model in stages that one process computes. */
export interface HeldStages {
  readonly layout: Omit<PipelineLayout, "stages"> & {
    readonly stages: readonly Omit<PipelineLayout["stages"][number], "file">[];
  };
  readonly engines: readonly StageEngine[];
  readonly schedule: Schedule;
  readonly optimizer: Chosen;
  readonly problem: Problem;
}

export interface StepMicrobatch {
  readonly values: Float32Array;
  readonly targets: Float32Array;
  readonly examples: number;
}

interface PassedStep {
  /** Sums over each microbatch's examples, penalties among them. */
  readonly losses: readonly number[];
  /** Of each microbatch the model's first output. */
  readonly outputs: readonly Float32Array[];
  /** By part: of each of its stages and microbatches. */
  readonly slopes: readonly (readonly Float32Array[])[];
}

/** Sets the stages to the weights of a step. */
export function setStages(
  { layout, engines }: HeldStages,
  parts: readonly HeldPart[],
  step: number,
) {
  for (const [stage, engine] of engines.entries()) {
    const own = layout.stages[stage]!.parts.map((part) => parts[part]!);
    engine.set(
      `step/${step}`,
      own.map(({ weights, ahead }) => ahead ?? weights),
    );
  }
}

/** All passes of a step, in the order of the schedule, by what workers compute them with. */
export function passStep(
  { layout, engines, schedule }: HeldStages,
  microbatches: readonly StepMicrobatch[],
  step: number,
): PassedStep {
  const unit = { forward: () => 1, backward: () => 2, hop: () => 0 };
  const timeline = simulateSchedule(schedule, unit);
  assert("spans" in timeline, "a schedule of ours ends");
  const made = new Map<string, Readonly<Record<string, Float32Array>>>();
  const losses = microbatches.map(() => 0);
  const outputs: Float32Array[] = [];
  for (const { kind, stage, microbatch } of timeline.spans) {
    const { imports, exports, consumers, takesRows } = layout.stages[stage]!;
    // A stage that sends nothing on does all its work in its backward pass.
    if (kind === "F" && exports.length === 0) continue;
    const { examples, ...rows } = microbatches[microbatch]!;
    const task = { step, microbatch, examples };
    const input = {
      imports: imports.map((one) => made.get(`F/${one.stage}/${microbatch}`)![one.field]!),
      rows: takesRows ? rows : null,
    };
    if (kind === "F") {
      made.set(`F/${stage}/${microbatch}`, engines[stage]!.forward(input, task));
      continue;
    }
    const slopes = consumers.map(
      (reader) => made.get(`B/${reader}/${microbatch}`)![slopesField(stage)]!,
    );
    const { loss, fields, outputs: own } = engines[stage]!.backward(input, slopes, task);
    made.set(`B/${stage}/${microbatch}`, fields);
    losses[microbatch]! += loss;
    if (own !== null) outputs[microbatch] = own;
  }
  const slopes = layout.parts.map(({ stages }, part) =>
    stages.flatMap((stage) =>
      microbatches.map((_, at) => made.get(`B/${stage}/${at}`)![gradientField(part)]!),
    ),
  );
  return { losses, outputs, slopes };
}

/** One step of the optimizer on all parts; the bits that workers come to. */
export async function updateParts(
  { layout, optimizer, problem }: HeldStages,
  parts: readonly HeldPart[],
  step: number,
  { slopes, examples }: Pick<PassedStep, "slopes"> & Pick<PartSlopes, "examples">,
): Promise<{ readonly parts: readonly HeldPart[]; readonly gradientNorm: number }> {
  const stepper = optimizers.create(optimizer) as Stepper;
  const tasks = await Promise.all(
    layout.parts.map(async ({ tensors, uses }, part) => {
      const own = slopes[part]!.map((one) => ({ version: step, slopes: one }));
      const of = { tensors, uses, examples, slopes: own };
      return { of, gradient: await readGradient(nowhere, step, of) };
    }),
  );
  const about = (part: number) => ({ ...tasks[part]!.of, step, optimizer }) as never;
  const input = (part: number) => ({
    gradient: tasks[part]!.gradient,
    memory: parts[part]!.memory,
  });
  const needsSums = stepper.sums !== undefined;
  const sums = needsSums
    ? sumsInOrder(
        layout.parts,
        layout.parts.map((_, part) => {
          return partSums.compute(problem, input(part), about(part)).values as Float64Array;
        }),
      )
    : new Float64Array(0);
  let squares = 0;
  const moved = layout.parts.map((_, part): HeldPart => {
    const { weights, ahead } = parts[part]!;
    const of = { ...(about(part) as object), sums } as never;
    const reply = partUpdate.compute(problem, { ...input(part), part: weights, ahead }, of);
    for (const sum of reply.values as Float64Array) squares += sum;
    const told = reply.tensors as unknown as { weights: HeldPart["weights"]; memory: Uint8Array };
    return { ahead: null, ...told };
  });
  return { parts: moved, gradientNorm: Math.sqrt(squares) };
}

/** Everything is at hand. */
const nowhere = {
  object: ({ key }: { readonly key: string }) =>
    Promise.reject(new Error(`broken promise: ${key} is in no store`)),
} as unknown as WorkerContext;
