import { RunError } from "../../core/errors.ts";
import type { TensorSpec } from "../../math/vector.ts";
import {
  beforeFirst,
  type Core,
  type CoreState,
  type Flat,
} from "../../optimizers/adaptive/core.ts";

/** A variable's part of every slot. */
export type SlotParts = Readonly<Record<string, Flat>>;

/**
 * A method's state by the names of variables, whatever their order and whichever of them a step is
 * about: those that a step leaves out keep what they had.
 */
export class NamedState {
  readonly #core: Core;
  #variables: readonly TensorSpec[] = [];
  #state: CoreState = beforeFirst;
  /** Of variables that the last step left out. */
  readonly #aside = new Map<string, SlotParts>();
  /** Names in `#aside` that came from a file and have not been asked for yet. */
  readonly #loaded = new Set<string>();

  constructor(core: Core) {
    this.#core = core;
  }

  get step(): number {
    return this.#state.step;
  }

  get numbers(): CoreState["numbers"] {
    return this.#state.numbers;
  }

  /** The state over these variables, one after another. */
  over(variables: readonly TensorSpec[]): CoreState {
    if (isSame(variables, this.#variables)) return this.#state;
    for (const [name, parts] of this.named()) this.#aside.set(name, parts);
    const total = variables.reduce((sum, one) => sum + sizeOf(one), 0);
    const { slots } = this.#core.start(total);
    let at = 0;
    for (const variable of variables) {
      const size = sizeOf(variable);
      const entry = this.#take(variable);
      for (const [slot, values] of Object.entries(entry ?? {})) slots[slot]!.set(values, at);
      at += size;
    }
    this.#variables = variables.map(({ name, shape }) => ({ name, shape }));
    if (this.#state.step > 0) this.#state = { ...this.#state, slots };
    return this.#state;
  }

  moveTo(state: CoreState): void {
    this.#state = state;
  }

  /** Every variable's part of every slot. */
  named(): Map<string, SlotParts> {
    const all = new Map(this.#aside);
    if (this.#state.step === 0) return all;
    let at = 0;
    for (const variable of this.#variables) {
      const end = at + sizeOf(variable);
      const from = at;
      const parts = Object.entries(this.#state.slots).map(([slot, values]) => [
        slot,
        values.slice(from, end),
      ]);
      all.set(variable.name, Object.fromEntries(parts));
      at = end;
    }
    return all;
  }

  shapeOf(name: string): readonly number[] | undefined {
    return this.#variables.find((one) => one.name === name)?.shape;
  }

  /** What was saved; it is checked as far as it can be before the variables are known. */
  load(step: number, numbers: CoreState["numbers"], parts: ReadonlyMap<string, SlotParts>): void {
    if (step > 0) this.#check(numbers, parts);
    this.#variables = [];
    this.#state = { step, numbers, slots: {} };
    this.#aside.clear();
    this.#loaded.clear();
    for (const [name, own] of parts) {
      this.#aside.set(name, own);
      this.#loaded.add(name);
    }
  }

  #check(numbers: CoreState["numbers"], parts: ReadonlyMap<string, SlotParts>): void {
    const expected = this.#core.start(0);
    for (const [name, { length }] of Object.entries(expected.numbers))
      if (numbers[name]?.length !== length) throw lacking(`${name}, ${length} numbers`);
    const names = Object.keys(expected.slots);
    for (const [variable, own] of parts) {
      const missing = names.find((name) => own[name] === undefined);
      if (missing !== undefined) throw lacking(`${variable}/${missing}`);
      const strange = Object.keys(own).find((name) => !names.includes(name));
      if (strange !== undefined) throw lacking(`no ${variable}/${strange}`);
    }
  }

  /**
   * What is known of a variable. A model that is loaded beside another gets names with a suffix:
   * its state is then found under the name without.
   */
  #take(variable: TensorSpec): SlotParts | undefined {
    const { name } = variable;
    const plain = withoutSuffix(name);
    const alike = [...this.#loaded].filter((one) => withoutSuffix(one) === plain);
    const key = this.#aside.has(name) ? name : alike.length === 1 ? alike[0]! : name;
    const parts = this.#aside.get(key);
    if (parts === undefined && this.#loaded.size > 0) throw unknown(name, this.#loaded);
    for (const [slot, values] of Object.entries(parts ?? {}))
      if (values.length !== sizeOf(variable)) throw misfit(variable, slot, values.length);
    this.#aside.delete(key);
    this.#loaded.delete(key);
    return parts;
  }
}

function sizeOf({ shape }: TensorSpec): number {
  return shape.reduce((product, side) => product * side, 1);
}

function isSame(a: readonly TensorSpec[], b: readonly TensorSpec[]): boolean {
  return a.length === b.length && a.every(({ name }, i) => name === b[i]!.name);
}

function withoutSuffix(name: string): string {
  return name.replace(/_\d+$/, "");
}

function unknown(name: string, loaded: ReadonlySet<string>): RunError {
  const names = [...loaded].slice(0, 5).join(", ");
  return new RunError("bad-state", `setWeights: nothing was saved for the variable ${name}`, {
    hint: `use the model it was saved with; it has ${names}${loaded.size > 5 ? ", ..." : ""}`,
  });
}

function lacking(what: string): RunError {
  return new RunError("bad-state", `setWeights: expected ${what}`, {
    hint: "hand it what getWeights() of the same kind of optimizer gave",
  });
}

function misfit({ name, shape }: TensorSpec, slot: string, length: number): RunError {
  const message =
    `setWeights: ${name}/${slot} has ${length} numbers, ` +
    `but the variable is of shape [${shape.join(", ")}]`;
  return new RunError("bad-state", message, { hint: "use the model it was saved with" });
}
