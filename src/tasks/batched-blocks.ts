import type { FeatureBlock } from "../data/shards/load-features.ts";
import { type BlockFactors, type Blocks, blockRowsOf } from "../math/kernels/block-rows.ts";
import { signBlocksOf } from "../math/kernels/sign-blocks.ts";
import { isFiniteVector } from "../math/vector.ts";
import type { WorkerReply } from "./task-kind.ts";

/**
 * The reply of one of thousands of blocks as its rows' factors: the numbers are as many as all data
 * rows and weights, and are formed where somebody asks for them. Added up they need not be.
 */
export class BlockReply implements WorkerReply, BlockFactors {
  readonly loss: number;
  readonly computeMs = 0;
  readonly block: Blocks;
  readonly place: number;
  readonly factors: Float64Array;

  constructor(loss: number, block: Blocks, place: number, factors: Float64Array) {
    this.loss = loss;
    this.block = block;
    this.place = place;
    this.factors = factors;
  }

  get values(): Float32Array<ArrayBuffer> {
    return this.block.combine(this);
  }

  get length(): number {
    return this.block.columns;
  }

  isFinite(): boolean {
    if (!Number.isFinite(this.loss)) return false;
    return Number.isFinite(this.block.boundOf(this)) || isFiniteVector(this.values);
  }
}

/** What blocks of many slots make of one vector; null where they are better asked one by one. */
export function batchBlocks(blocks: readonly FeatureBlock[], slots: number = blocks.length) {
  const slabsOf = (some: readonly FeatureBlock[]) => some.map(({ slabs }) => slabs);
  const all = slabsOf(blocks);
  const rows = signBlocksOf(all, slots) ?? blockRowsOf(all, slots);
  if (rows === null) return null;
  return {
    add: (more: readonly FeatureBlock[]) => rows.add(slabsOf(more)),
    answer(loss: number, sources: Float64Array): (place: number) => WorkerReply {
      // Replies go on living with the state that they are part of.
      const factors = rows.multiply(sources);
      return (place) => new BlockReply(loss, rows, place, factors);
    },
  };
}

/** Adds replies' numbers to `sums`, and times `step` to `moved`, one reply after another. */
export function addReplies(
  replies: readonly WorkerReply[],
  step: number,
  to: { readonly sums: Float64Array; readonly moved: Float64Array },
): void {
  for (let from = 0; from < replies.length; ) {
    const reply = replies[from]!;
    if (!(reply instanceof BlockReply)) {
      addNumbers(reply.values, step, to);
      from++;
      continue;
    }
    const together: BlockReply[] = [];
    for (; from < replies.length; from++) {
      const next = replies[from]!;
      if (!(next instanceof BlockReply) || next.block !== reply.block) break;
      together.push(next);
    }
    reply.block.addUp(together, step, to);
  }
}

function addNumbers(
  values: WorkerReply["values"],
  step: number,
  { sums, moved }: { readonly sums: Float64Array; readonly moved: Float64Array },
): void {
  for (let j = 0; j < values.length; j++) {
    const value = values[j]!;
    sums[j]! += value;
    moved[j]! += step * value;
  }
}
