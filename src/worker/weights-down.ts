import { hash } from "node:crypto";
import { freshId } from "../core/fresh-random.ts";
import type { Compute, Deliver, Outcome, Slotted, Usage } from "../ports/compute.ts";
import { applyChange } from "../wire/vector-change.ts";
import { KnownWeights, weightsOf } from "./known-weights.ts";

type Weights = Float32Array<ArrayBuffer>;

/** What a task says of its weights in the place of them, or beside them. */
interface WeightsMessage {
  /** Of the weights that it is of. */
  readonly weightsName: string;
  /** Of those that it tells the change from; absent where it has the weights themselves. */
  readonly weightsFrom?: string;
  readonly weightsRuns?: Uint8Array<ArrayBuffer>;
  readonly weightsValues?: Weights;
  /** SHA-256 of what the change is to come to. */
  readonly weightsDigest?: string;
}

/** What a reply says beside what was asked. */
interface WeightsAnswer {
  /** The weights that the worker has now. */
  readonly hasWeights?: string;
  /** It does not have those that the change is from: nothing was computed. */
  readonly lacksWeights?: string;
}

/**
 * A compute whose tasks tell weights as what changed since those that their workers have, where
 * that is fewer bytes. A worker that has others by now, in a new environment, says so and is sent
 * all of them: an ordinary request more. What is computed is the same to the bit.
 */
export function changingWeightsCompute<Task extends Slotted, Reply extends object>(
  inner: Compute<Task, Reply>,
): Compute<Task, Reply> {
  const known = new KnownWeights();
  const nameOf = namesOfWeights();
  const digestFor = digestsOfWeights();
  const start = (
    task: Task,
    weights: Weights,
    deliver: Deliver<Reply>,
    isWanted?: () => boolean,
  ) => {
    const { slot } = task;
    const weightsName = nameOf(weights);
    const told = known.begin(slot, weights);
    const { weights: _, ...rest } = task as Task & { readonly weights: Weights };
    const message: WeightsMessage =
      told === null
        ? { weightsName }
        : {
            weightsName,
            weightsFrom: nameOf(told.from),
            weightsRuns: told.change.runs,
            weightsValues: told.change.values,
            weightsDigest: digestFor(weights),
          };
    const sent = { ...(told === null ? task : rest), ...message } as unknown as Task;
    let isOver = false;
    inner.start(
      sent,
      (outcome, usage) => {
        const answer = answerOf(outcome);
        if (!isOver) known.end(slot, answer.hasWeights === weightsName ? weights : null);
        const isFirst = !isOver;
        isOver = true;
        if (answer.lacksWeights === undefined) return deliver(withoutAnswer(outcome), usage);
        if (!isFirst) return;
        if (isWanted !== undefined && !isWanted()) return deliver(unwanted, usage);
        start(task, weights, (late, more) => deliver(late, together(usage, more)), isWanted);
      },
      isWanted,
    );
  };
  return {
    start(task, deliver, isWanted) {
      const weights = weightsOf(task);
      if (weights === null) inner.start(task, deliver, isWanted);
      else start(task, weights, deliver, isWanted);
    },
    close: () => inner.close(),
  };
}

const unwanted = { kind: "lost", reason: "its worker had other weights than it was sent" } as const;

/** The worker's side: keeps the last weights that it was told, and makes the next ones of them. */
export function withKnownWeights<Request extends { task: object }, Reply extends object>(
  perform: (request: Request) => Promise<Reply>,
): (request: Request) => Promise<Reply | WeightsAnswer> {
  let last: { readonly name: string; readonly weights: Weights } | null = null;
  return async (request) => {
    const { weightsName, weightsFrom, weightsRuns, weightsValues, weightsDigest, ...task } =
      request.task as WeightsMessage & { readonly weights?: Weights };
    if (weightsName === undefined) return perform(request);
    let { weights } = task;
    if (weightsFrom !== undefined) {
      if (last?.name !== weightsFrom) return { lacksWeights: weightsFrom };
      weights = applyChange(last.weights, { runs: weightsRuns!, values: weightsValues! });
      if (digestOf(weights) !== weightsDigest) return { lacksWeights: weightsFrom };
    }
    last = { name: weightsName, weights: weights! };
    const reply = await perform({ ...request, task: { ...task, weights } });
    return { ...reply, hasWeights: weightsName };
  };
}

/** Names that no other orchestrator of the run gives, nor this one when it is started again. */
function namesOfWeights(): (weights: Weights) => string {
  const names = new WeakMap<Weights, string>();
  const own = freshId();
  let count = 0;
  return (weights) => {
    const name = names.get(weights) ?? `${own}/${count++}`;
    names.set(weights, name);
    return name;
  };
}

function digestsOfWeights(): (weights: Weights) => string {
  const digests = new WeakMap<Weights, string>();
  return (weights) => {
    const digest = digests.get(weights) ?? digestOf(weights);
    digests.set(weights, digest);
    return digest;
  };
}

function digestOf({ buffer, byteOffset, byteLength }: Weights): string {
  return hash("sha256", new Uint8Array(buffer, byteOffset, byteLength), "hex");
}

function answerOf(outcome: Outcome<object>): WeightsAnswer {
  return outcome.kind === "lost" ? {} : outcome.result;
}

function withoutAnswer<Reply extends object>(outcome: Outcome<Reply>): Outcome<Reply> {
  if (outcome.kind === "lost") return outcome;
  const { hasWeights: _, ...result } = outcome.result as Reply & WeightsAnswer;
  return { kind: "done", result: result as unknown as Reply };
}

/** Of two requests for one task. */
function together(a: Usage, b: Usage): Usage {
  const storeReads = (a.storeReads ?? 0) + (b.storeReads ?? 0);
  const storeWrites = (a.storeWrites ?? 0) + (b.storeWrites ?? 0);
  return {
    billedMs: a.billedMs + b.billedMs,
    coldStart: a.coldStart || b.coldStart,
    bytesDown: a.bytesDown + b.bytesDown,
    bytesUp: a.bytesUp + b.bytesUp,
    costUsd: a.costUsd + b.costUsd,
    ...(storeReads + storeWrites === 0 ? {} : { storeReads, storeWrites }),
  };
}
