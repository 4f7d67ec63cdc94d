import {
  getKernel,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { ownProduct } from "./own-products.ts";
import { kernelBackendOf } from "./platform.ts";

const name = "BatchMatMul";
const fusedName = "_FusedMatMul";
let isDone = false;

/**
 * Told of the operand that the stock kernel packs for a product, and keeps packed as long as it is
 * there, if any; and of bytes beside all tensors: the product's, and what is turned for it alone.
 */
type ProductListener = (packed: TensorInfo | null, passingBytes: number) => void;
let listener: ProductListener | null = null;

/** Tells of each product, or no more; whoever counts memory wants to know. */
export function tellProducts(to: ProductListener | null): void {
  listener = to;
}

/**
 * Products by kofn's own kernel where it does what the stock one does, bit for bit. Of what is
 * left, products with a transposed operand: the stock kernel leaves its quick path for them, and
 * takes about ten times as long as transposing and then multiplying (512 x 512, version 4.22.0).
 */
export function registerProductKernels(): void {
  const own = getKernel(name, "wasm");
  if (isDone || own === undefined) return;
  isDone = true;
  unregisterKernel(name, "wasm");
  registerKernel({
    ...own,
    kernelFunc({ inputs, backend, attrs }) {
      const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
      const platform = kernelBackendOf("wasm", backend);
      const turn = (x: TensorInfo, isTurned: boolean) =>
        isTurned ? platform.run("Transpose", { x }, { perm: lastTwoSwapped(x.shape.length) }) : x;
      const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
      const made = ownProduct(backend as object, { a, b }, { transposeA, transposeB });
      if (made !== null) {
        listener?.(null, made.passingBytes);
        return made.output;
      }
      const [left, right] = [turn(a, transposeA), turn(b, transposeB)];
      const turned = [left, right].filter((one) => one !== a && one !== b);
      const straight = { transposeA: false, transposeB: false };
      const output = own.kernelFunc({
        inputs: { a: left, b: right },
        backend,
        attrs: straight,
      }) as TensorInfo;
      noteProduct(left, right, [output, ...turned]);
      for (const one of turned) platform.free(one);
      return output;
    },
  });
  const fused = getKernel(fusedName, "wasm")!;
  unregisterKernel(fusedName, "wasm");
  registerKernel({
    ...fused,
    kernelFunc(given) {
      const { a, b, bias, preluActivationWeights } = given.inputs as unknown as FusedInputs;
      const attrs = given.attrs as unknown as FusedAttrs;
      const isPlain = attrs.activation === "linear" && preluActivationWeights === undefined;
      const about = isPlain && isRowOf(bias, b, attrs) ? { ...attrs, bias } : null;
      const made = about && ownProduct(given.backend as object, { a, b }, about);
      if (made !== null) {
        listener?.(null, made.passingBytes);
        return made.output;
      }
      const output = fused.kernelFunc(given) as TensorInfo;
      noteProduct(a, b, [output]);
      return output;
    },
  });
}

interface FusedInputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

interface FusedAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation: string;
}

/** Nothing, or as many numbers as a product by `b` has columns. */
function isRowOf(bias: TensorInfo | undefined, b: TensorInfo, { transposeB }: FusedAttrs): boolean {
  if (bias === undefined) return true;
  const columns = b.shape.at(transposeB ? -2 : -1);
  return bias.dtype === "float32" && bias.shape.length === 1 && bias.shape[0] === columns;
}

function noteProduct(left: TensorInfo, right: TensorInfo, passing: readonly TensorInfo[]): void {
  if (listener === null) return;
  const passingBytes = passing.reduce((sum, one) => sum + bytesOf(one), 0);
  listener(isOne(left) && isOne(right) ? right : null, passingBytes);
}

/** One product, not a batch of them. */
function isOne({ shape }: TensorInfo): boolean {
  return shape.slice(0, -2).every((side) => side === 1);
}

function bytesOf({ shape }: TensorInfo): number {
  return shape.reduce((a, b) => a * b, Float32Array.BYTES_PER_ELEMENT);
}

function lastTwoSwapped(rank: number): number[] {
  const order = Array.from({ length: rank }, (_, i) => i);
  return [...order.slice(0, -2), rank - 1, rank - 2];
}
