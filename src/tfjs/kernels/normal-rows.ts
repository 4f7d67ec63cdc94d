import {
  customGrad,
  type GradSaveFunc,
  ones,
  type Tensor,
  type TensorInfo,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { type InPlace, tensorOf } from "./in-place.ts";

/**
 * Layer normalization over the last axis as one kernel forward and one back, in the backend's own
 * memory: the numbers of TensorFlow.js's own dozens of operations, each rounded as there, to the
 * same bits. `gamma` and `beta` are as long as a row; null for ones and zeros.
 */
export function normalizedRows(
  memory: InPlace,
  x: Tensor,
  { gamma, beta, epsilon }: Normal,
): Tensor {
  return tidy(() => {
    const columns = [x.shape.at(-1)!];
    const run = customGrad((...given: (Tensor | GradSaveFunc)[]) => {
      const [rows, , , scale, shift] = given as Tensor[];
      const save = given.at(-1) as GradSaveFunc;
      const value = forward(memory, rows!, scale!, shift!, epsilon);
      save([rows!, scale!]);
      return {
        value,
        gradFunc: (slopes: Tensor, saved: Tensor[]) =>
          backward(memory, saved[0]!, slopes, saved[1]!, epsilon),
      };
    });
    // Three times, as its slopes are added up in three parts: to whatever others had before.
    return run(x, x, x, gamma ?? ones(columns), beta ?? zeros(columns));
  });
}

interface Normal {
  readonly gamma: Tensor | null;
  readonly beta: Tensor | null;
  readonly epsilon: number;
}

function forward(memory: InPlace, x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): Tensor {
  const { kernels, reserve, addressOf, free } = memory;
  const columns = x.shape.at(-1)!;
  const [out, moments] = [reserve(x.shape), reserve([8])];
  const [from, scale, shift, to, room] = [x, gamma, beta, out, moments].map(addressOf) as Five;
  kernels.normalizeRows(from, x.size / columns, columns, scale, shift, epsilon, to, room);
  free(moments);
  return tensorOf(out);
}

function backward(
  memory: InPlace,
  x: Tensor,
  slopes: Tensor,
  gamma: Tensor,
  epsilon: number,
): Tensor[] {
  const { kernels, reserve, addressOf, free } = memory;
  const columns = x.shape.at(-1)!;
  const made: TensorInfo[] = [
    ...[x, x, x].map(({ shape }) => reserve(shape)),
    ...[gamma, gamma].map(({ shape }) => reserve(shape)),
  ];
  const sums = reserve([24]);
  const [from, back, scale, room] = [x, slopes, gamma, sums].map(addressOf) as Four;
  const [own, byVariance, byMean, gammaTo, betaTo] = made.map(addressOf) as Five;
  kernels.normalSlopes(
    ...([from, back, x.size / columns, columns, scale, epsilon] as const),
    ...([own, byVariance, byMean, gammaTo, betaTo, room] as const),
  );
  free(sums);
  return made.map(tensorOf);
}

type Four = [number, number, number, number];
type Five = [number, number, number, number, number];
