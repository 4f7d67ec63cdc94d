import { assert, RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import type { Encoding } from "../../encoding/encoding.ts";
import type { PartLayout } from "../../model-parallel/pipeline-layout.ts";
import type { Wait } from "../../quorum/wait-policies/wait.ts";

/** Whole pipelines side by side, each of which computes some of a step's microbatches. */
export interface Replicas {
  /** Of each replica, rising; redundant encodings give a microbatch to several. */
  readonly microbatches: readonly (readonly number[])[];
  /** How many replicas a step waits for: whichever they are, they have all microbatches. */
  readonly needed: number;
}

/**
 * Deals microbatches to replicas as the encoding deals rows to slots. Throws `RunError` where a
 * replica has none, or where the replicas that a step waits for may lack some.
 */
export function dealReplicas(
  counts: { readonly microbatches: number; readonly replicas: number },
  { encoding, wait, seed }: { encoding: Encoding; wait: Wait; seed: number },
): Replicas {
  const { microbatches, replicas } = counts;
  const dealt = deal(microbatches, replicas, encoding, seed);
  const idle = dealt.findIndex((own) => own.length === 0);
  if (idle >= 0)
    throw new RunError(
      "bad-combination",
      `strategy.microbatches: ${microbatches}: replica ${idle} of ${replicas} has none`,
      { hint: `say at least ${replicas}, or fewer replicas` },
    );
  const copies = Array.from({ length: microbatches }, (_, microbatch) => {
    return dealt.filter((own) => own.includes(microbatch)).length;
  });
  const needed = typeof wait === "object" && "fastest" in wait ? wait.fastest : replicas;
  const enough = replicas - Math.min(...copies) + 1;
  if (needed < enough)
    throw new RunError(
      "bad-combination",
      `wait: { fastest: ${needed} }: of ${replicas} replicas any ${enough} have all ` +
        "microbatches, and fewer may not",
      {
        hint:
          `say { fastest: ${enough} }, or give each microbatch to ${replicas - needed + 1} ` +
          "replicas by encoding: gradient-code or replication",
      },
    );
  return { microbatches: dealt, needed };
}

function deal(count: number, replicas: number, encoding: Encoding, seed: number): number[][] {
  if (replicas === 1) return [Array.from({ length: count }, (_, i) => i)];
  const random = randomFrom(seed).fork("replicas");
  const own = Array.from({ length: replicas }, () => new Set<number>());
  const full = encoding.chunkRows(replicas);
  for (let from = 0; from < count; from += full) {
    const rows = Math.min(full, count - from);
    const code = encoding.chunk(from / full, rows, replicas, random.fork(`${from}`));
    assert(code.kind === "copies", "what is accepted copies");
    for (const [i, slot] of code.slots.entries()) own[slot]!.add(from + code.source[i]!);
  }
  return own.map((set) => [...set].sort((a, b) => a - b));
}

/**
 * Which replica updates each part of the weights, and so holds what the optimizer keeps of it: the
 * largest parts first, each to the one that has least of the same stage.
 */
export function dealParts(
  parts: readonly Pick<PartLayout, "owner" | "tensors">[],
  updaters: readonly number[],
): readonly number[] {
  const sizes = parts.map(({ tensors }) => lengthOf(tensors));
  const loads = new Map<string, number>();
  const nameOf = (part: number, updater: number) => `${parts[part]!.owner}/${updater}`;
  const dealt: number[] = [];
  for (const part of [...parts.keys()].sort((a, b) => sizes[b]! - sizes[a]! || a - b)) {
    const loadOf = (updater: number) => loads.get(nameOf(part, updater)) ?? 0;
    const least = updaters.reduce((best, one) => (loadOf(one) < loadOf(best) ? one : best));
    loads.set(nameOf(part, least), loadOf(least) + sizes[part]!);
    dealt[part] = least;
  }
  return dealt;
}

const lengthOf = (tensors: readonly { readonly shape: readonly number[] }[]) =>
  tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

/** The first of the replicas that count and have the microbatch. */
export function replicaOf(
  { microbatches }: Replicas,
  joined: readonly number[] | undefined,
  microbatch: number,
): number {
  const found = (joined ?? [0]).find((replica) => microbatches[replica]!.includes(microbatch));
  assert(found !== undefined, "replicas that count have all microbatches");
  return found;
}
