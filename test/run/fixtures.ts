import { type Random, randomFrom } from "../../src/core/random.ts";
import type { Encoding } from "../../src/encoding/encoding.ts";
import { encodings } from "../../src/encoding/registry.ts";
import type { Examples } from "../../src/math/rows.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { problems } from "../../src/problems/registry.ts";
import type { QuorumSize } from "../../src/quorum/wait-policies/policy.ts";
import { waitPolicy } from "../../src/quorum/wait-policies/registry.ts";
import type { Wait } from "../../src/quorum/wait-policies/wait.ts";
import type { ExactPlan } from "../../src/strategies/rounds/correction.ts";
import type { RoundsPlan } from "../../src/strategies/rounds/state.ts";
import type { WorkerReply, WorkerTask } from "../../src/tasks/protocol.ts";
import { taskKindOf } from "../../src/tasks/registry.ts";

export interface Setting {
  readonly workers: number;
  readonly rows?: number;
  readonly columns?: number;
  readonly noise?: number;
  readonly seed?: number | string;
  readonly problem?: { readonly type: string } & Record<string, unknown>;
  readonly optimizer?: { readonly type: string } & Record<string, unknown>;
  readonly encoding?: ({ readonly type: string } & Record<string, unknown>) | Encoding;
  readonly wait?: Wait;
  readonly roundsMax?: number;
  readonly tolerance?: number;
  readonly patienceMs?: number;
  readonly largestEigenvalue?: number;
  /** Anchors at least so often, and whom they wait for if not for all. */
  readonly exact?: { readonly everyRounds: number; readonly wait?: Wait };
  /** Other rows than random ones. */
  readonly examples?: Examples;
}

export interface Trial {
  readonly plan: RoundsPlan;
  /** All rows, unencoded. */
  readonly examples: Examples;
  /** What each slot holds. */
  readonly shards: readonly Examples[];
  perform(task: WorkerTask): WorkerReply;
}

/** A plan and the shards for it, all in memory; random rows with a linear target. */
export function trial(setting: Setting): Trial {
  const { workers, rows = 48, columns = 5, noise = 0.5, seed = 7 } = setting;
  const random = randomFrom(seed);
  const examples = setting.examples ?? linearExamples(rows, columns, noise, random.fork("rows"));
  const given = setting.encoding ?? { type: "uncoded" };
  const encoding = "type" in given ? encodings.create(resolved(encodings, given)) : given;
  const shards = encoded(examples, encoding, workers, random.fork("encode"));
  const problem = problems.create(resolved(problems, setting.problem ?? { type: "ridge" }));
  const crowd = { workers, redundancy: encoding.redundancy };
  const plan: RoundsPlan = {
    problem,
    optimizer: optimizers.create(resolved(optimizers, setting.optimizer ?? { type: "l-bfgs" })),
    shares: {
      encoding,
      storedRows: shards.map((shard) => shard.rows.rows),
      rows: examples.rows.rows,
    },
    wait: waitPolicy(setting.wait ?? "all", crowd),
    shape: { columns: examples.rows.columns, intercept: false },
    weightsLength: examples.rows.columns,
    largestEigenvalue: setting.largestEigenvalue ?? 4,
    roundsMax: setting.roundsMax ?? 10,
    stop: { tolerance: setting.tolerance ?? 0, steepness: 1, lossLeast: 0 },
    patienceMs: setting.patienceMs ?? 600_000,
    exact: setting.exact === undefined ? null : exactPlan(setting.exact, crowd),
  };
  const perform = (task: WorkerTask) => ({
    ...taskKindOf(task)!.compute(problem, shards[task.slot]!, task),
    computeMs: 0,
  });
  return { plan, examples, shards, perform };
}

function exactPlan(
  { everyRounds, wait }: NonNullable<Setting["exact"]>,
  crowd: QuorumSize,
): ExactPlan {
  return { everyRounds, wait: waitPolicy(wait ?? "all", crowd) };
}

/** Standard normal features, targets linear in them with noise, in single precision. */
export function linearExamples(
  rows: number,
  columns: number,
  noise: number,
  random: Random,
): Examples {
  const truth = Float64Array.from({ length: columns }, () => random.normal());
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  const targets = Float32Array.from({ length: rows }, (_, i) => {
    let sum = noise * random.normal();
    for (let j = 0; j < columns; j++) sum += values[i * columns + j]! * truth[j]!;
    return sum;
  });
  return { rows: { kind: "dense", rows, columns, values }, targets };
}

/** Dense rows as every slot stores them, chunk by chunk; targets are coded like one more column. */
export function encoded(
  { rows, targets }: Examples,
  encoding: Encoding,
  workers: number,
  random: Random,
): Examples[] {
  const width = rows.columns + 1;
  const slots: number[][] = Array.from({ length: workers }, () => []);
  const counts: number[][] = Array.from({ length: workers }, () => []);
  const full = encoding.chunkRows(workers);
  for (let start = 0, index = 0; start < rows.rows; start += full, index++) {
    const count = Math.min(full, rows.rows - start);
    const joint = new Float32Array(count * width);
    for (let i = 0; i < count; i++) {
      const row = (start + i) * rows.columns;
      joint.set(rows.values.subarray(row, row + rows.columns), i * width);
      joint[i * width + rows.columns] = targets[start + i]!;
    }
    const code = encoding.chunk(index, count, workers, random.fork(`chunk/${index}`));
    const out = new Float32Array(code.slots.length * width);
    if (code.kind === "mixtures") code.encode(joint, width, out);
    else
      for (const [j, source] of code.source.entries())
        out.set(joint.subarray(source * width, (source + 1) * width), j * width);
    for (const [j, slot] of code.slots.entries()) {
      slots[slot]!.push(...out.subarray(j * width, (j + 1) * width));
      if (code.kind === "copies" && code.weights !== undefined)
        counts[slot]!.push(code.weights[j]!);
    }
  }
  return slots.map((flat, slot) => {
    const examples = examplesOf(flat, rows.columns);
    const weights = Float32Array.from(counts[slot]!);
    return weights.length === 0 ? examples : { ...examples, weights };
  });
}

function examplesOf(flat: readonly number[], columns: number): Examples {
  const rows = flat.length / (columns + 1);
  const values = new Float32Array(rows * columns);
  const targets = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = i * (columns + 1);
    values.set(flat.slice(at, at + columns), i * columns);
    targets[i] = flat[at + columns]!;
  }
  return { rows: { kind: "dense", rows, columns, values }, targets };
}

interface Resolver<Resolved> {
  resolve(given: { readonly type: string }, path?: string): Resolved;
}

function resolved<Resolved>(
  family: Resolver<Resolved>,
  given: { readonly type: string },
): Resolved {
  return family.resolve(given, "test");
}
