import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import type { Compressor } from "../compression/compressor.ts";
import { compressors } from "../compression/registry.ts";
import { messageOf, RunError } from "../core/errors.ts";
import type { Registry } from "../core/registry.ts";
import type { Encoding } from "../encoding/encoding.ts";
import { encodings, placed } from "../encoding/registry.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { optimizers } from "../optimizers/registry.ts";
import { addOwnModule, loadsMembers, ownModules } from "../platform/local/own-modules.ts";
import { addMetric, type OwnMetric } from "../problems/own-metrics.ts";
import type { Problem } from "../problems/problem.ts";
import { problems } from "../problems/registry.ts";
import { withRowWeights } from "../problems/row-weights.ts";
import type { QuorumSize, WaitPolicy } from "../quorum/wait-policies/policy.ts";
import { ownWaits } from "../quorum/wait-policies/registry.ts";
import type { RunSpec } from "../spec/run-spec.ts";

/** A member of a family that a program brings itself: a spec names it by `type: name`. */
export interface OwnMember<Shape extends z.ZodRawShape, Product> {
  /** Lower-case letters, digits and dashes. */
  readonly name: string;
  readonly summary: string;
  /** Its options, in the words of zod; none where absent. */
  readonly options?: (zod: typeof z) => Shape;
  /** Options that it can be made of; `[{}]` where absent. */
  readonly examples?: readonly object[];
  create(options: z.output<z.ZodObject<Shape>>): Product;
}

/** Adds a member to this process, and returns how to take it away. */
type Register<Product> = <Shape extends z.ZodRawShape>(
  member: OwnMember<Shape, Product>,
) => () => void;

function definitionOf<Shape extends z.ZodRawShape, Product>(member: OwnMember<Shape, Product>) {
  const { name, summary, options, examples = [{}] } = member;
  const create = (given: Readonly<Record<string, unknown>>) => member.create(given as never);
  return { name, summary, options: (options?.(z) ?? {}) as z.ZodRawShape, examples, create };
}

function registering<Product>(
  registry: Registry<Product>,
  wrap: (
    one: ReturnType<typeof definitionOf<z.ZodRawShape, Product>>,
  ) => Parameters<Registry<Product>["register"]>[0] = (one) => one,
): Register<Product> {
  return (member) => registry.register(wrap(definitionOf(member) as never));
}

/** Registers a problem; `testProblem` of kofn/testing checks its laws. */
export const registerProblem: Register<Problem> = registering(problems, withRowWeights);
/** Registers an optimizer; `testOptimizer` of kofn/testing checks its laws. */
export const registerOptimizer: Register<Optimizer> = registering(optimizers);
/** Registers an encoding; `testEncoding` of kofn/testing checks its laws. */
export const registerEncoding: Register<Encoding> = registering(encodings, placed);
/** Registers a compressor; `testCompressor` of kofn/testing checks its laws. */
export const registerCompressor: Register<Compressor> = registering(compressors);
/** Registers a rule of waiting, which a spec names by `wait: { rule: name, options }`. */
export const registerWait: Register<(size: QuorumSize) => WaitPolicy> = registering(ownWaits);

/** Registers a metric: reports, results and model cards tell it beside the problem's own. */
export function registerMetric(metric: OwnMetric): () => void {
  return addMetric(metric);
}

/**
 * Loads a module that registers members, here and in every worker of the backends `threads` and
 * `emulated`, which know nothing of what a program registered elsewhere. Returns how to take it
 * away from workers that start later. Throws `RunError` for a module that cannot be loaded.
 */
export async function registerModule(path: string): Promise<() => void> {
  const address = /^[a-z]+:/.test(path) ? path : pathToFileURL(resolve(path)).href;
  if (address === mainAddress())
    throw new RunError("bad-module", `${path}: it is the program itself`, {
      hint: "put what registers members into a module of its own: workers load it, and do no more",
    });
  try {
    await import(address);
  } catch (cause) {
    if (cause instanceof RunError) throw cause;
    throw new RunError("bad-module", `${path}: it cannot be loaded: ${messageOf(cause)}`, {
      hint: "mend the module; it must run by itself with node",
      cause,
    });
  }
  return addOwnModule(address);
}

function mainAddress(): string | null {
  const [, main] = process.argv;
  return main === undefined ? null : pathToFileURL(resolve(main)).href;
}

/** Refuses members of the program's own where workers cannot know them. */
export async function checkPlace(
  spec: RunSpec,
  { backend, home }: { readonly backend: string; readonly home: string },
): Promise<void> {
  if (process.env[loadsMembers] !== undefined)
    throw new RunError("bad-module", "a module that workers load, to know members, trains itself", {
      hint: "put what registers members into a module of its own, and train elsewhere",
    });
  const own = ownMembers(spec);
  const [first] = own;
  if (backend === "simulated" || first === undefined) return;
  if (ownModules().length > 0) {
    const { checkWorkersKnow } = await import("../platform/local/own-workers.ts");
    return checkWorkersKnow(own, { backend, home });
  }
  throw new RunError(
    "bad-combination",
    `${first.family} ${first.type}: workers of backend ${backend} do not know it`,
    { hint: "register it in a module of its own, by registerModule(path)" },
  );
}

/** Refuses members of the program's own that the functions of a deployed stage do not register. */
export function checkStage(spec: RunSpec, stage: string, members: readonly string[]): void {
  // Rules of waiting as well: the orchestrator is not this process.
  const rules = rulesIn([spec.wait, spec.strategy]).map((type) => ({ family: "wait rule", type }));
  const unknown = [...ownMembers(spec), ...rules].find(({ type }) => !members.includes(type));
  if (unknown === undefined) return;
  const { family, type } = unknown;
  throw new RunError("bad-combination", `${family} ${type}: stage ${stage} does not know it`, {
    hint:
      "deploy functions that register it, and say so by members (docs/deploy.md), or train on " +
      "this machine",
  });
}

function ownMembers({ problem, encoding, optimizer, compression }: RunSpec) {
  const chosen = [
    [problems, problem] as const,
    [encodings, encoding] as const,
    [optimizers, optimizer] as const,
    ...(compression === undefined ? [] : [[compressors, compression] as const]),
  ];
  return chosen
    .filter(([registry, { type }]) => registry.isOwn(type))
    .map(([{ family }, { type }]) => ({ family, type }));
}

/** Names of rules of waiting, all of which are a program's own, at any depth. */
function rulesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const isOwn = key === "rule" && typeof inner === "string" && ownWaits.isOwn(inner);
    return isOwn ? [inner] : rulesIn(inner);
  });
}
