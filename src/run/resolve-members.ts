import { RunError } from "../core/errors.ts";
import type { Encoded, Prepared } from "../data/manifests.ts";
import type { Encoding } from "../encoding/encoding.ts";
import { encodings } from "../encoding/registry.ts";
import { optimizers } from "../optimizers/registry.ts";
import type { RunFacts } from "../ports/events.ts";
import type { Problem } from "../problems/problem.ts";
import { problems } from "../problems/registry.ts";
import { waitPolicy } from "../quorum/wait-policies/registry.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { checkAccepts } from "../strategies/accepts.ts";
import type {
  KnownCurvature,
  Members,
  StrategyDefinition,
  TrainingStrategy,
} from "../strategies/definition.ts";
import { strategies } from "../strategies/registry.ts";

/** A spec's members, created by their names; their combination was checked. */
export interface ResolvedMembers extends Members {
  readonly method: StrategyDefinition;
}

/** Creates a spec's members. Throws `RunError` for a combination that cannot work. */
export function resolveMembers(spec: RunSpec): ResolvedMembers {
  const method = strategies.create(spec.strategy);
  const problem = problems.create(spec.problem);
  const encoding = encodings.create(spec.encoding);
  const slots = slotsCounted(spec, method);
  const refusal = encoding.refusal(slots.workers);
  if (refusal !== null) {
    throw new RunError("bad-combination", `${slots.setting}: ${slots.workers}: ${refusal}`, {
      hint: `change ${slots.setting} or the encoding's redundancy`,
    });
  }
  checkAccepts(method.accepts, spec, { problem, encoding });
  refuseMembership(spec, encoding);
  refuseRows(spec, method, problem);
  refuseSums(spec, method);
  const overlaps = optimizers.create(spec.optimizer).searches;
  const { redundancy } = encoding;
  const crowd = { ...slots, redundancy, overlaps };
  const plan = { method, problem, encoding, wait: waitPolicy(spec.wait, crowd) };
  method.check?.(spec, plan);
  return plan;
}

/** The spec's wait policy in words; also for runs that this kofn would refuse. */
export function waitInWords(spec: RunSpec): string {
  const { redundancy } = encodings.create(spec.encoding);
  const slots = slotsCounted(spec, strategies.create(spec.strategy));
  return waitPolicy(spec.wait, { ...slots, redundancy }).inWords;
}

/** What the encoding deals to and a quorum counts: workers, or pipelines of several. */
function slotsCounted({ workers }: RunSpec, { replicas }: StrategyDefinition) {
  return replicas === undefined
    ? { workers, setting: "workers" }
    : { workers: replicas, called: "replicas", setting: "strategy.replicas" };
}

function refuseSums({ reduction, strategy }: RunSpec, method: StrategyDefinition): void {
  if (reduction === undefined || method.accepts.reductions === true) return;
  throw new RunError(
    "bad-combination",
    `reduction: strategy ${strategy.type} adds its replies up by itself`,
    { hint: "choose strategy: rounds, or leave reduction out" },
  );
}

/** Refuses what needs gradients of tables by their rows, where there are none. */
function refuseRows(spec: RunSpec, method: StrategyDefinition, problem: Problem): void {
  const { gradients, strategy } = spec;
  const isLazy = (spec.optimizer as { readonly lazy?: boolean }).lazy === true;
  if (!isLazy && gradients !== "gather") return;
  const wanted = isLazy ? "optimizer.lazy" : "gradients: gather";
  const why =
    problem.slicedGradient === undefined
      ? `${spec.problem.type} has no table that rows are looked up in`
      : method.accepts.tableRows !== true
        ? `strategy ${strategy.type} tells all gradients dense` +
          (method.accepts.tableRows === undefined ? "" : `, as ${method.accepts.tableRows}`)
        : isLazy && gradients === "dense"
          ? "gradients: dense says nothing of absent rows"
          : null;
  if (why === null) return;
  throw new RunError("bad-combination", `${wanted}: ${why}`, {
    hint: `leave ${wanted.split(":")[0]} out, or train a network by strategy: rounds`,
  });
}

/**
 * By its own numbers a replaced record would leave one slot and enter another: two sums would
 * change where one is paid for. And what is encoded is dealt by the code.
 */
function refuseMembership({ data, privacy }: RunSpec, { mixes, encode }: Encoding): void {
  if (data.membership !== "records") return;
  const refuse = (what: string) =>
    new RunError("bad-combination", `data.membership: records: ${what}`, {
      hint: "leave data.membership out",
    });
  if (privacy?.adjacency !== "add-remove")
    throw refuse("it is for private runs under adjacency: add-remove, where nothing else is sound");
  if (encode === "workers" && !mixes)
    throw refuse("with encode: workers rows are dealt by their place alone");
}

/** The state machine that trains as the spec says, once its data are in the store. */
export function openTraining(
  spec: RunSpec,
  staged: { readonly prepared: Prepared; readonly encoded: Encoded },
  { largestEigenvalue, gram }: KnownCurvature,
): TrainingStrategy {
  const plan = resolveMembers(spec);
  return plan.method.open({ spec, ...plan, ...staged, largestEigenvalue, gram });
}

/** The facts that a report opens with. */
export function runFactsOf(
  spec: RunSpec,
  { prepared, encoded }: { readonly prepared: Prepared; readonly encoded: Encoded },
): RunFacts {
  const { encoding, method, wait } = resolveMembers(spec);
  return {
    problem: spec.problem.type,
    optimizer: spec.optimizer.type,
    encoding: spec.encoding.type,
    redundancy: encoding.redundancy,
    workers: spec.workers,
    wait: method.waitInWords ?? wait.inWords,
    rows: prepared.rows,
    testRows: prepared.testRows,
    features: prepared.columns,
    ...(encoded.storage === undefined ? {} : { storage: encoded.storage }),
    roundsMax: spec.stop.rounds,
  };
}
