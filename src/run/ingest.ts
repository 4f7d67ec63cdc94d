import { RunError } from "../core/errors.ts";
import { tokensMax } from "../data/corpus/sentence-vocabulary.ts";
import type { Encoded, Prepared } from "../data/manifests.ts";
import type { OffsetMode } from "../data/offsets.ts";
import { type PreparePorts, prepareDataSet } from "../data/prepare/prepare.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import { problems } from "../problems/registry.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { readNamedObject } from "../store-damage.ts";
import type { Effects } from "../store-effects.ts";
import { strategies } from "../strategies/registry.ts";
import { readFormerRun } from "./former-run.ts";
import { resolveMembers } from "./resolve-members.ts";

/** The problem's assets, if it has any; whoever starts a run has written them. */
export const problemAssetEffects: Effects = { roles: ["orchestrator"], reads: ["networks"] };

export interface Dataset {
  readonly prepared: Prepared;
  readonly encoded: Encoded;
}

/** Where data come from and go to; `onNote` is called with what is left out of them. */
type Ports = Pick<PreparePorts, "open" | "store" | "onNote">;

/** `planning` has no end that is known: its `total` is 0. */
export type IngestProgress = (
  what: "reading" | "encoding" | "planning",
  done: number,
  total: number,
) => void;

/** Writes the problem's assets to the store, and returns the spec that refers to them. */
export async function publishProblemAssets(spec: RunSpec, store: Store): Promise<RunSpec> {
  const { publishAssets, weighsRows } = resolveMembers(spec).problem;
  if (publishAssets === undefined) return spec;
  const write = (key: string, bytes: Uint8Array) => writeNamed(store, key, bytes);
  const { type } = spec.problem;
  const { pairs, weights, classWeights } = spec.data;
  const tokens = pairs && tokensMax(pairs.vocabulary);
  const isWeighted = weighsRows !== undefined && (weights ?? classWeights) !== undefined;
  const options = plain(await publishAssets(write, spec.seed, tokens));
  return { ...spec, problem: { type, ...options, ...(isWeighted ? { weighted: true } : {}) } };
}

/** Writes an object that its key names the content of, also in the place of a damaged one. */
async function writeNamed(store: Store, key: string, bytes: Uint8Array): Promise<boolean> {
  if (await store.writeOnce(key, bytes)) return true;
  const before = await store.read(key);
  if (before === null || Buffer.compare(before, bytes) !== 0) await store.write(key, bytes);
  return false;
}

/** The options as a record will hold them: plain JSON. */
function plain(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(options)) as Record<string, unknown>;
}

/** Loads the code that computes a problem, where that is loaded on demand. */
export async function loadProblem(chosen: RunSpec["problem"], store: Store): Promise<Problem> {
  const problem = problems.create(chosen);
  await problem.load?.((key) => readNamedObject(store, key));
  return problem;
}

/** Loads the problem where whoever orchestrates the run computes with it. */
export async function loadFor(spec: RunSpec, store: Store): Promise<void> {
  const { evaluation } = strategies.create(spec.strategy);
  if (evaluation === undefined) await loadProblem(spec.problem, store);
}

/** Writes a spec's data to the store, encoded; what is there already is not written again. */
export async function ingest(
  spec: RunSpec,
  ports: Ports,
  onProgress: IngestProgress = () => {},
): Promise<Dataset> {
  const { encoding, method } = resolveMembers(spec);
  const prepared = await prepareData(spec, ports, onProgress);
  const { continues } = method;
  const former =
    continues === undefined ? {} : { former: await readFormerRun(ports.store, continues, spec) };
  const encoded = await method.stage({
    ...former,
    spec,
    encoding,
    prepared,
    store: ports.store,
    onProgress: (done, total) => onProgress("encoding", done, total),
  });
  return { prepared, encoded };
}

/**
 * The first half of `ingest`: reads and prepares a spec's rows, and encodes nothing. With
 * `offsets: "kept"` nothing is learned from all rows together.
 */
export async function prepareData(
  spec: RunSpec,
  ports: Ports,
  onProgress: IngestProgress = () => {},
  mayLearn: OffsetMode = "centred",
): Promise<Prepared> {
  const { problem } = resolveMembers(spec);
  if (spec.data.pairs !== undefined && problem.readsPairs !== true)
    throw new RunError("bad-option", `data.pairs: they are not for problem: ${spec.problem.type}`, {
      hint: "choose problem: translation, or leave data.pairs out",
    });
  const offsets = mayLearn === "kept" ? mayLearn : offsetsOf(spec, problem);
  const numbers = problem.pairs === undefined ? "regression" : "ratings";
  const task = problem.target === "classes" ? "classification" : numbers;
  const prepared = await prepareDataSet(
    { data: spec.data, task, seed: spec.seed, isPrivate: spec.privacy !== undefined, offsets },
    { ...ports, onProgress: (done, total) => onProgress("reading", done, total) },
  );
  refuseClasses(spec, problem, prepared);
  // Refuses data whose shape the problem cannot take.
  problem.weightsLength(prepared.columns, prepared.preparation.target.classes?.length ?? 0);
  return prepared;
}

/** A private run must not publish what all rows say; a network has no free intercept. */
function offsetsOf({ privacy }: RunSpec, { pairs, parameters, predict }: Problem): OffsetMode {
  if (privacy !== undefined || pairs !== undefined) return "kept";
  return parameters === undefined && predict === undefined ? "centred" : "told";
}

function refuseClasses(spec: RunSpec, problem: Problem, { preparation }: Prepared): void {
  const classes = preparation.target.classes ?? [];
  if (classes.length <= problem.classesMax) return;
  const shown = classes.slice(0, 5).join(", ");
  throw new RunError(
    "too-many-classes",
    `data.target: ${preparation.target.name} has ${classes.length} classes (${shown}, ...), ` +
      `but ${spec.problem.type} tells ${problem.classesMax} apart`,
    { hint: "choose problem: softmax for several classes, or ridge for a target of numbers" },
  );
}
