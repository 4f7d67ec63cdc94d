import {
  customGrad,
  type GradSaveFunc,
  softmax,
  type Tensor,
  type TensorInfo,
  tidy,
} from "@tensorflow/tfjs-core";
import { type InPlace, tensorOf } from "./in-place.ts";

interface Heads {
  readonly images: number;
  readonly positions: number;
  readonly heads: number;
  readonly side: number;
}

/**
 * Causal attention of queries, keys and values that stand in rows of [3, heads, side], one for each
 * position of each image: rows of [heads, side]. What a position must not see is not computed; what
 * is has the bits of the whole products.
 */
export function causalAttention(memory: InPlace, joint: Tensor, about: Heads): Tensor {
  return tidy(() => {
    const run = customGrad((...given: (Tensor | GradSaveFunc)[]) => {
      const [rows] = given as Tensor[];
      const save = given.at(-1) as GradSaveFunc;
      const { images, positions, heads, side } = about;
      const seen = softmax(scoresOf(memory, rows!, about));
      const value = within(memory, about, (shape, room) => {
        const out = memory.reserve([images * positions, heads * side]);
        const [from, weights, to] = [rows!, seen, out].map(memory.addressOf) as Three;
        memory.kernels.causalMix(shape, from, weights, to, room);
        return out;
      });
      save([rows!, seen]);
      return {
        value,
        gradFunc: (slopes: Tensor, saved: Tensor[]) => slopesOf(memory, slopes, saved, about),
      };
    });
    return run(joint);
  });
}

function scoresOf(memory: InPlace, joint: Tensor, about: Heads): Tensor {
  return within(memory, about, (shape, room) => {
    const { images, positions, heads } = about;
    const out = memory.reserve([images, heads, positions, positions]);
    memory.kernels.causalScores(shape, memory.addressOf(joint), memory.addressOf(out), room);
    return out;
  });
}

function slopesOf(memory: InPlace, slopes: Tensor, saved: Tensor[], about: Heads): Tensor {
  return within(memory, about, (shape, room) => {
    const out = memory.reserve(saved[0]!.shape);
    const [joint, weights, back, to] = [...saved, slopes, out].map(memory.addressOf) as Four;
    memory.kernels.causalSlopes(shape, joint, weights, back, to, room);
    return out;
  });
}

/** Hands over the sizes, and room for one head. */
function within(
  memory: InPlace,
  { images, positions, heads, side }: Heads,
  work: (shape: number, room: number) => TensorInfo,
): Tensor {
  const [high, wide] = [8 * Math.ceil(positions / 8), 8 * Math.ceil(side / 8)];
  const [shape, room] = [
    memory.reserve([5]),
    memory.reserve([32 + high * (high + wide) + 4 * Math.max(high, wide)]),
  ];
  memory.integers(shape).set([images, positions, heads, side]);
  memory.floats(shape)[4] = 1 / Math.sqrt(side);
  const made = tensorOf(work(memory.addressOf(shape), memory.addressOf(room)));
  for (const one of [shape, room]) memory.free(one);
  return made;
}

type Three = [number, number, number];
type Four = [number, number, number, number];
