import * as tf from "@tensorflow/tfjs-core";
import { assert } from "../core/errors.ts";

/** A forward pass whose derivative may be asked for later, once. */
export interface Tape<T> {
  readonly value: T;
  /**
   * The slopes of a number that is computed from the value, with respect to variables; null where
   * it does not depend on one. Frees the tape.
   */
  readonly slopes: (
    number: (value: T) => tf.Scalar,
    variables: readonly tf.Variable[],
  ) => readonly (tf.Tensor | null)[];
  /**
   * Has a look taken while slopes are computed: before each of the pass's own operations, and at
   * the end, when what was computed on the way is still there.
   */
  readonly watch: (look: () => void) => void;
  readonly dispose: () => void;
}

/** What TensorFlow.js (4.22) keeps of its own tape; it offers no way to differentiate later. */
interface TapeEngine {
  readonly state: { activeTape: TapeNode[] | null; readonly gradientDepth: number };
  startTape(): void;
  endTape(): void;
}

interface TapeNode {
  readonly inputs?: object;
  readonly outputs?: readonly tf.Tensor[];
  readonly saved?: readonly { dispose(): void }[];
  readonly gradient?: (slopes: unknown) => unknown;
}

/**
 * Computes `work` and keeps what its derivative needs. The same kernels run whether the tape is
 * used or thrown away: without one, TensorFlow.js fuses others, with other bits. Of all tensors
 * that it makes, `tensorsOf` names those that stay.
 */
export function recordTape<T>(work: () => T, tensorsOf: (value: T) => tf.Tensor[]): Tape<T> {
  const engine = tf.engine() as unknown as TapeEngine;
  assert(engine.state.gradientDepth === 0, "no tape is made while another one is");
  engine.startTape();
  let value: T;
  let nodes: TapeNode[];
  try {
    tf.tidy(() => {
      value = work();
      return tensorsOf(value);
    });
    nodes = engine.state.activeTape!;
  } finally {
    engine.endTape();
    engine.state.activeTape = null;
  }
  const dispose = () => {
    tf.dispose(tensorsOf(value!));
    for (const { saved } of nodes) for (const tensor of saved ?? []) tensor.dispose();
    nodes = [];
  };
  let atEnd: readonly TapeNode[] = [];
  return {
    value: value!,
    dispose,
    watch(look) {
      nodes = nodes.map((node) => watched(node, look));
      // What nodes have saved is disposed of at the end, the first one's first.
      atEnd = [{ inputs: {}, outputs: [], saved: [{ dispose: look }] }];
    },
    slopes(number, variables) {
      const anchor = tf.variable(tf.scalar(0));
      try {
        const whole = () => {
          engine.state.activeTape!.push(...atEnd, ...nodes);
          // So that there is something to differentiate, whatever depends on nothing.
          return tf.add(number(value!), anchor) as tf.Scalar;
        };
        const { value: sum, grads } = tf.variableGrads(whole, [...variables, anchor]);
        sum.dispose();
        grads[anchor.name]!.dispose();
        nodes = [];
        return variables.map(({ name }) => grads[name] ?? null);
      } finally {
        anchor.dispose();
        dispose();
      }
    },
  };
}

function watched(node: TapeNode, look: () => void): TapeNode {
  const { gradient } = node;
  if (gradient === undefined) return node;
  return {
    ...node,
    gradient(slopes) {
      look();
      return gradient(slopes);
    },
  };
}
