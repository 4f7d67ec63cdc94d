import * as tf from "@tensorflow/tfjs-core";
import type { KernelBackend } from "./platform.ts";

type Inputs = readonly tf.TensorInfo[];

/**
 * A sum of products by its equation: one operand, or two as one product of matrices. Letters are
 * shared by both and the result (a batch), shared and summed, or of one operand alone.
 */
export function einsum(platform: KernelBackend, inputs: Inputs, attrs: { equation: string }) {
  const { terms, output } = partsOf(attrs.equation);
  const sizes = sizesOf(terms, inputs);
  const temporaries: tf.TensorInfo[] = [];
  const keep = (tensor: tf.TensorInfo) => {
    temporaries.push(tensor);
    return tensor;
  };
  const reshape = (x: tf.TensorInfo, shape: readonly number[]) =>
    keep(platform.run("Reshape", { x }, { shape: [...shape] }));
  const transposed = (x: tf.TensorInfo, from: string, to: string) =>
    keep(platform.run("Transpose", { x }, { perm: [...to].map((letter) => from.indexOf(letter)) }));
  /** Without the letters that nobody else has. */
  const summed = (x: tf.TensorInfo, term: string, needed: string) => {
    const axis = [...term].flatMap((letter, i) => (needed.includes(letter) ? [] : [i]));
    const rest = [...term].filter((letter) => needed.includes(letter)).join("");
    if (axis.length === 0) return { x, term };
    return { x: keep(platform.run("Sum", { x }, { axis, keepDims: false })), term: rest };
  };
  let result: tf.TensorInfo;
  if (terms.length === 1) {
    const own = summed(inputs[0]!, terms[0]!, output);
    result = transposed(own.x, own.term, output);
  } else {
    const a = summed(inputs[0]!, terms[0]!, output + terms[1]!);
    const b = summed(inputs[1]!, terms[1]!, output + terms[0]!);
    const both = [...a.term].filter((letter) => b.term.includes(letter));
    const batch = both.filter((letter) => output.includes(letter)).join("");
    const inner = both.filter((letter) => !output.includes(letter)).join("");
    const onlyA = [...a.term].filter((letter) => !b.term.includes(letter)).join("");
    const onlyB = [...b.term].filter((letter) => !a.term.includes(letter)).join("");
    const size = (letters: string) => [...letters].reduce((n, letter) => n * sizes[letter]!, 1);
    const shape = (...parts: string[]) => parts.map(size);
    const left = reshape(
      transposed(a.x, a.term, batch + onlyA + inner),
      shape(batch, onlyA, inner),
    );
    const right = reshape(
      transposed(b.x, b.term, batch + inner + onlyB),
      shape(batch, inner, onlyB),
    );
    const flags = { transposeA: false, transposeB: false };
    const product = keep(platform.run("BatchMatMul", { a: left, b: right }, flags));
    const letters = batch + onlyA + onlyB;
    const open = reshape(
      product,
      [...letters].map((letter) => sizes[letter]!),
    );
    result = transposed(open, letters, output);
  }
  for (const tensor of temporaries) if (tensor !== result) platform.free(tensor);
  return result;
}

/** The gradient of either operand is a sum of products again. */
export const einsumGradient: tf.GradConfig = {
  kernelName: "Einsum",
  saveAllInputs: true,
  gradFunc(dy, saved, attrs) {
    const { terms, output } = partsOf((attrs as unknown as { equation: string }).equation);
    const slope = dy as tf.Tensor;
    const gradients = terms.map((term, i) => () => {
      const other = terms[1 - i];
      const known = [...term]
        .filter((letter) => (output + (other ?? "")).includes(letter))
        .join("");
      const operands = other === undefined ? [slope] : [slope, saved[1 - i]!];
      const given = [output, ...(other === undefined ? [] : [other])].join(",");
      const partial = tf.einsum(`${given}->${known}`, ...operands);
      // A letter that was summed alone: every one of its numbers had the same share.
      const shape = [...term].map((letter, at) =>
        known.includes(letter) ? saved[i]!.shape[at]! : 1,
      );
      const open = tf.reshape(partial, shape);
      return tf.broadcastTo(open, saved[i]!.shape as [number]);
    });
    return Object.fromEntries(gradients.map((gradient, i) => [String(i), gradient]));
  },
};

function partsOf(equation: string): { terms: readonly string[]; output: string } {
  const [inputs, output] = equation.replace(/\s/g, "").split("->") as [string, string | undefined];
  if (output === undefined || /\./.test(equation))
    throw new Error(`einsum: ${equation}: expected an equation like ij,jk->ik`);
  const terms = inputs.split(",");
  if (terms.length > 2) throw new Error(`einsum: ${equation}: more than two operands`);
  for (const term of [...terms, output])
    if (new Set(term).size !== term.length)
      throw new Error(`einsum: ${equation}: a letter stands twice in ${term}`);
  return { terms, output };
}

function sizesOf(terms: readonly string[], inputs: Inputs): Readonly<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const [i, term] of terms.entries())
    for (const [axis, letter] of [...term].entries()) sizes[letter] = inputs[i]!.shape[axis]!;
  return sizes;
}
