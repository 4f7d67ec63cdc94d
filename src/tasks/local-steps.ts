import { type Compressor, perTensor } from "../compression/compressor.ts";
import { compressUpdate, type Feedback } from "../compression/feedback.ts";
import { decompress, plainNumbers } from "../compression/payload.ts";
import { compressors } from "../compression/registry.ts";
import { RunError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { Chosen } from "../core/registry.ts";
import type { Examples } from "../math/rows.ts";
import type { GradientForm } from "../math/slices/sliced-gradient.ts";
import { isFiniteVector } from "../math/vector.ts";
import type { WeightShape } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { workerRoles } from "../store-effects.ts";
import { batchSteps } from "./batched-steps.ts";
import { minibatch } from "./minibatch.ts";
import { areFinite, readTensorParts, slicedReply } from "./sliced-reply.ts";
import { takeSlicedSteps } from "./sliced-steps.ts";
import type { ReplyFacts, RoundTask, TaskKind, TaskOutput, WorkerReply } from "./task-kind.ts";
import { noNumbers } from "./valid-reply.ts";
import { rootOf, type WalkTask, walk } from "./walk.ts";
import { loadWorkerState, type WorkerState, writeWorkerState } from "./worker-state.ts";

/** Steps along gradients of minibatches; the way they lead from `weights` is told compressed. */
export interface LocalStepsTask extends RoundTask {
  readonly operation: "local-steps";
  /** Of every step. */
  readonly rates: Float64Array<ArrayBuffer>;
  /** Rows of a minibatch; 0 for all. */
  readonly batch: number;
  readonly momentum: number;
  readonly shape: WeightShape;
  readonly seed: number;
  readonly compression: Chosen;
  readonly feedback: Feedback;
  /** How the change of tables is told; absent: as the compressor makes it. */
  readonly gradients?: GradientForm;
  /** The round whose memory the slot goes on with; null for none. */
  readonly memory: number | null;
}

interface Input {
  readonly examples: Examples;
  readonly memory: WorkerState;
  /** The memory that the task names is gone. */
  readonly isLost: boolean;
}

interface Made extends TaskOutput {
  readonly memory: WorkerState;
}

/**
 * Qsparse-local-SGD on a worker: x^ <- x^ - eta (gradient of a minibatch), so many times, and what
 * the way x - x^ and the memory add up to is told compressed. The randomness hangs on slot and
 * round, so that a task that is asked again repeats its bits, its memory included.
 */
export const localStepsTask: TaskKind<LocalStepsTask, Examples, Input, Made> = {
  load: (place) => place.shard(),
  async prepare(place, examples, task) {
    return { examples, ...(await loadWorkerState(place, task.memory)) };
  },
  compute(problem, { examples, memory, isLost }, task) {
    const { seed, round, slot } = task;
    const random = rootOf(seed).fork(`round/${round}/slot/${slot}`).fork("compress");
    const sliced = slicedChange(problem, examples, task, random);
    if (sliced !== null) return { ...sliced, memory };
    const { loss, change, velocity } = takeLocalSteps(problem, examples, memory.velocity, task);
    const up = { compressor: compressorOf(problem, task.compression), feedback: task.feedback };
    const { payload, memory: left } = compressUpdate(up, change, memory.left, random);
    const answer = { loss, values: noValues, payload, memory: { left, velocity } };
    return isLost ? { ...answer, forgot: true } : answer;
  },
  batch: (problem, materials) =>
    batchSteps(problem, materials, {
      isAnswered: isForgetful,
      compress: ({ compression }, change, random) =>
        compressorOf(problem, compression).compress(change, random.fork("compress")),
    }),
  async publish(place, task, { memory, ...answer }) {
    await writeWorkerState(place, task.round, memory);
    return answer;
  },
  validate: invalidPayload,
  size: {
    requestArrays: ({ weights, rates }) => [weights.byteLength, rates.byteLength],
    entries: ({ rates, batch, shape }, entriesPerSlot) =>
      rates.length * (batch === 0 ? entriesPerSlot : batch * (shape.columns + 1)),
  },
  effects: {
    roles: workerRoles,
    reads: ["encoded", "parts", "memory"],
    writes: ["memory"],
    removes: ["memory"],
  },
  cleanUp: { whenDone: ["memory"] },
};

/** It neither reads nor leaves anything, and tells its change as the compressor makes it. */
function isForgetful({ feedback, momentum, memory, gradients }: LocalStepsTask): boolean {
  return feedback === "none" && momentum === 0 && memory === null && gradients === undefined;
}

/** Why a reply is as good as lost: no payload that can be read, or numbers that are none. */
function invalidPayload(
  { weights, gradients }: LocalStepsTask,
  { loss, payload }: WorkerReply,
  { parameters }: ReplyFacts,
): string | null {
  if (payload === undefined) return "its reply has no payload";
  try {
    if (gradients !== undefined && parameters !== undefined) {
      const isSound = Number.isFinite(loss) && areFinite(readTensorParts(payload, parameters));
      return isSound ? null : noNumbers;
    }
    const { length } = weights;
    const values = plainNumbers(payload, length) ?? decompress(payload, length);
    return Number.isFinite(loss) && isFiniteVector(values) ? null : noNumbers;
  } catch (thrown) {
    if (thrown instanceof RunError) return `its reply is damaged: ${thrown.message}`;
    throw thrown;
  }
}

/** Steps that move what minibatches touch alone; null where the problem has no tables. */
function slicedChange(problem: Problem, examples: Examples, task: LocalStepsTask, random: Random) {
  const { gradients, compression } = task;
  if (gradients === undefined) return null;
  const sliced = takeSlicedSteps(problem, examples, task);
  if (sliced === null) return null;
  const { loss, values, payload, tables } = slicedReply(sliced, problem.parameters!, gradients);
  // Dense changes travel as they do where nobody asks for rows.
  const whole = () => compressorOf(problem, compression).compress(values as Float32Array, random);
  return { loss, values: noValues, payload: payload ?? whole(), tables: tables! };
}

interface Walk {
  /** Mean over all examples of all minibatches, penalty left out. */
  readonly loss: number;
  /** From where it ended to where it began. */
  readonly change: Float64Array<ArrayBuffer>;
  readonly velocity: Float64Array<ArrayBuffer> | null;
}

/** The local steps, in float64; gradients are asked at the nearest float32. */
export function takeLocalSteps(
  problem: Problem,
  examples: Examples,
  from: Float64Array | null,
  task: WalkTask,
): Walk {
  const { weights, momentum } = task;
  const here = new Float64Array(weights);
  const velocity = momentum === 0 ? null : Float64Array.from(from ?? new Float64Array(here.length));
  const loss = walk(problem, (count, draws) => minibatch(examples, count, draws), task, {
    here,
    velocity,
    at: new Float32Array(here.length),
    gradient: new Float64Array(here.length),
  });
  for (let j = 0; j < here.length; j++) here[j] = weights[j]! - here[j]!;
  return { loss, change: here, velocity };
}

const noValues = new Float32Array(0);

const known = new Map<string, Compressor>();
/** The one before: tasks of a simulated run share what they ask for. */
let last: {
  readonly chosen: Chosen;
  readonly parameters: Problem["parameters"];
  readonly made: Compressor;
} | null = null;

/** Where the weights are several tensors, each is compressed by itself. */
export function compressorOf({ parameters }: Problem, chosen: Chosen): Compressor {
  if (last?.chosen === chosen && last.parameters === parameters) return last.made;
  const made = madeCompressor(parameters, chosen);
  last = { chosen, parameters, made };
  return made;
}

function madeCompressor(parameters: Problem["parameters"], chosen: Chosen): Compressor {
  const name = JSON.stringify([chosen, parameters?.map(({ shape }) => shape)]);
  const found = known.get(name);
  if (found !== undefined) return found;
  const one = compressors.create(chosen);
  const made = parameters === undefined ? one : perTensor(one, parameters);
  if (known.size >= 16) known.clear();
  known.set(name, made);
  return made;
}
