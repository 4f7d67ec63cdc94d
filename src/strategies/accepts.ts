import type { ErrorCode } from "../core/error-codes/error-codes.ts";
import { RunError } from "../core/errors.ts";
import type { Encoding } from "../encoding/encoding.ts";
import { optimizers } from "../optimizers/registry.ts";
import type { Problem } from "../problems/problem.ts";
import { type WaitKind, waitKindOf } from "../quorum/wait-policies/wait.ts";
import type { RunSpec } from "../spec/run-spec.ts";

/** What members are, besides their names, and how a person is told to choose one of them. */
const traits = {
  smooth: "a smooth problem (ridge, logistic, softmax)",
  l1: "one with an l1 penalty (lasso)",
  pairs: "factorization",
  stages: "network; translation",
  tight: "a tight one (hadamard, replication, uncoded)",
  "line search": "l-bfgs",
  "safe step": "gradient-descent",
  "learning rate": "one with a learning rate (sgd, adam)",
  all: "all",
  fastest: "{ fastest: k }",
  deadline: "{ deadline: 800ms, atLeast: k }",
  speculate: "{ speculate: { after: 0.75 } }",
  "adaptive deadline": "{ adaptive: { rule: deadline } }",
  "adaptive k": "adaptive",
} as const satisfies Record<string, string> & Record<WaitKind, string>;

type Trait = keyof typeof traits;

/** What a strategy takes of one family. */
export interface MemberSet {
  /** Names and traits, of which a member must have one. */
  readonly only: readonly (Trait | (string & {}))[];
  /** Why no other will do: what is said after the member's name. */
  readonly because: string;
  /** Of the refusal; `bad-combination` where absent. */
  readonly code?: ErrorCode;
}

/**
 * What a strategy takes of what a spec may say. Refusals, their hints and the reference are made of
 * it; what hangs on several settings at once is in `StrategyDefinition.check`.
 */
export interface Accepts {
  readonly problems: MemberSet;
  /** All of them where absent. */
  readonly encodings?: MemberSet;
  /** All of them where absent. */
  readonly optimizers?: MemberSet;
  /** All of them where absent. */
  readonly waits?: MemberSet;
  /** Its shards hold rows of features, which data.storage may pack. */
  readonly packedRows?: true;
  /** It goes by sums over rows, which may count unlike: data.weights and data.classWeights. */
  readonly rowWeights?: true;
  /** Its updates may be compressed. */
  readonly compression?: true;
  /**
   * Workers may tell gradients of tables by their rows, and lazy optimizers step along those; or
   * why they may not.
   */
  readonly tableRows?: true | string;
  /** Functions may add its gradients up. */
  readonly reductions?: true;
  /** It keeps what a spec's `privacy` promises, and needs one. */
  readonly privacy?: true;
}

/** Every wait that learns nothing from gradients. */
export const waitsWithoutGradients = [
  "all",
  "fastest",
  "deadline",
  "speculate",
  "adaptive deadline",
] as const;

/** Throws `RunError` for what a strategy does not take, before anything is read. */
export function checkAccepts(
  accepts: Accepts,
  spec: RunSpec,
  { problem, encoding }: { readonly problem: Problem; readonly encoding: Encoding },
): void {
  const { strategy, compression, privacy, data } = spec;
  if (problem.pairs !== undefined && !accepts.problems.only.includes("pairs")) {
    throw new RunError(
      "bad-combination",
      `strategy: ${strategy.type} cannot train ${spec.problem.type}, which is not convex`,
      { hint: "leave strategy out, or choose alternating" },
    );
  }
  if (data.storage !== "float32") refusePacking(accepts, spec, encoding);
  if (data.weights !== undefined || data.classWeights !== undefined)
    refuseWeights(accepts, spec, problem);
  if (compression !== undefined && accepts.compression !== true) {
    throw new RunError(
      "not-compressed",
      `compression: strategy ${strategy.type} sends its replies as they are`,
      { hint: "choose strategy: local-steps, or leave compression out" },
    );
  }
  if (privacy !== undefined && accepts.privacy !== true) {
    throw new RunError(
      "not-private",
      `privacy: strategy ${strategy.type} tells gradients as they are, without noise`,
      { hint: "choose strategy: dp-sgd or gossip, or leave privacy out" },
    );
  }
  const { problems, encodings, waits } = accepts;
  check("problem", spec.problem.type, problemTraits(problem), problems);
  check("encoding", spec.encoding.type, encoding.tight ? ["tight"] : [], encodings);
  check("optimizer", spec.optimizer.type, [optimizerTrait(spec)], accepts.optimizers);
  check("wait", waitKindOf(spec.wait), [], waits);
}

export function acceptsProblem({ problems }: Accepts, problem: Problem): boolean {
  return problemTraits(problem).some((trait) => problems.only.includes(trait));
}

/** Of a table the lines that a reference shows. */
export function acceptsInWords(accepts: Accepts): readonly (readonly [string, string])[] {
  const { problems, encodings, optimizers: steps, waits, ...flags } = accepts;
  const choices = { problem: problems, encoding: encodings, optimizer: steps, wait: waits };
  const also = [
    ...(flags.packedRows === true ? ["data.storage"] : []),
    ...(flags.rowWeights === true ? ["data.weights and data.classWeights"] : []),
    ...(flags.compression === true ? ["compression"] : []),
    ...(flags.tableRows === true ? ["gradients by the rows of tables"] : []),
    ...(flags.reductions === true ? ["sums of functions"] : []),
    ...(flags.privacy === true ? ["privacy, which it needs"] : []),
  ];
  return [
    ...Object.entries(choices).map(
      ([family, choice]) => [family, choice === undefined ? "any" : choiceInWords(choice)] as const,
    ),
    ...(also.length === 0 ? [] : [["also", also.join(", ")] as const]),
  ];
}

function refusePacking(accepts: Accepts, { data, strategy }: RunSpec, encoding: Encoding): void {
  if (encoding.encode !== "workers" && accepts.packedRows === true) return;
  const why =
    encoding.encode === "workers"
      ? "with encode: workers nothing is stored encoded"
      : `strategy ${strategy.type} stores no rows to pack`;
  throw new RunError("not-packed", `data.storage: ${data.storage}: ${why}`, {
    hint: "leave data.storage out, or choose strategy: rounds and encode: ahead",
  });
}

function refuseWeights(
  accepts: Accepts,
  { data, problem: { type }, strategy, privacy, encoding }: RunSpec,
  problem: Problem,
): void {
  const option = data.weights === undefined ? "data.classWeights" : "data.weights";
  if (privacy !== undefined)
    throw new RunError(
      "not-private",
      `${option}: a row that counts more than another is hidden less, and what all rows count ` +
        "together hangs on each of them",
      { hint: "leave it out: in private runs every record counts once" },
    );
  const refuse = (what: string, hint: string) =>
    new RunError("bad-combination", `${option}: ${what}`, { hint });
  if (problem.weighsRows === undefined)
    throw refuse(
      `problem ${type} takes every row once`,
      "leave it out, or choose network or a linear problem, such as logistic, softmax or ridge",
    );
  if (problem.predict !== undefined && encoding.arrangement === "cyclic")
    throw refuse(
      "a cyclic code counts parts of the data by its factors, and a network sees rows together",
      "choose encoding: replication or uncoded, or arrangement: fractional",
    );
  if (accepts.rowWeights !== true)
    throw refuse(
      `strategy ${strategy.type} takes every row once`,
      "leave it out, or choose strategy: rounds, local-steps, async-sgd or anytime",
    );
}

function check(path: string, type: string, has: readonly Trait[], choice: MemberSet | undefined) {
  const isTaken = (one: string) => one === type || has.includes(one as Trait);
  if (choice === undefined || choice.only.some(isTaken)) return;
  throw new RunError(choice.code ?? "bad-combination", `${path}: ${type}: ${choice.because}`, {
    hint: `${remedies[path] ?? ""}choose ${choiceInWords(choice)}`,
  });
}

/** What else than another member helps. */
const remedies: Readonly<Record<string, string>> = {
  problem: "leave strategy out, or ",
  encoding: "leave encoding out, or ",
  optimizer: "leave optimizer out, or ",
};

function choiceInWords({ only }: MemberSet): string {
  const words = only.map((one) => (Object.hasOwn(traits, one) ? traits[one as Trait] : one));
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join("; ")} or ${words.at(-1)!}`;
}

function problemTraits({ l1, pairs, stages }: Problem): Trait[] {
  if (pairs !== undefined) return ["pairs"];
  if (l1 > 0) return ["l1"];
  return stages === undefined ? ["smooth"] : ["smooth", "stages"];
}

function optimizerTrait({ optimizer }: RunSpec): Trait {
  const { searches, needsCurvature } = optimizers.create(optimizer);
  if (searches) return "line search";
  return needsCurvature ? "safe step" : "learning rate";
}
