import * as z from "zod";
import type { TensorSpec } from "../../src/math/vector.ts";
import type { Adaptive } from "../../src/optimizers/adaptive/adaptive.ts";
import {
  advance,
  beforeFirst,
  type CoreState,
  type Flat,
  type UpdateRule,
} from "../../src/optimizers/adaptive/core.ts";

/** g_t = [sin t, 0.5 cos 2t + 0.1, -0.01 t, 3 if t mod 3 = 1 else -1], t from 1. */
export function gradientOf(t: number): Flat {
  const last = t % 3 === 1 ? 3 : -1;
  return Float64Array.of(Math.sin(t), 0.5 * Math.cos(2 * t) + 0.1, -0.01 * t, last);
}

export const origin: readonly number[] = [1, -2, 0.5, 0.25];

export function methodOf<Shape extends z.ZodRawShape>(
  one: Adaptive<Shape>,
  options: object,
): UpdateRule {
  return one.method(z.strictObject(one.options).parse(options) as never);
}

/** A method on its way in double precision, with no run around it. */
export class Walker {
  readonly weights: Flat;
  readonly asked: Flat;
  readonly method: UpdateRule;
  readonly tensors: readonly TensorSpec[] | undefined;
  state: CoreState = beforeFirst;

  constructor(
    one: Adaptive,
    options: object,
    from: readonly number[] = origin,
    tensors?: readonly TensorSpec[],
  ) {
    this.method = methodOf(one, options);
    this.weights = Float64Array.from(from);
    this.asked = this.method.core.asksAhead ? Float64Array.from(from) : this.weights;
    this.tensors = tensors;
  }

  step(gradient: Flat): this {
    const { weights, asked, tensors } = this;
    const rate = this.method.rateAt(this.state.step);
    this.state = advance(this.method, this.state, { weights, asked, gradient, rate, tensors });
    return this;
  }

  /** Along the sequence, until so many steps are taken in all. */
  along(steps: number): this {
    while (this.state.step < steps) this.step(gradientOf(this.state.step + 1));
    return this;
  }
}

/** The largest difference of two vectors. */
export function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Number.NaN;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}
