import { hash } from "node:crypto";

/** TensorProto.DataType. */
export const elementTypes = { float: 1, int64: 7, string: 8, double: 11 } as const;

/** A graph of ONNX operators, as much of it as models here need. */
export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly constants: readonly Constant[];
  /** Each after those whose outputs it takes. */
  readonly nodes: readonly OnnxNode[];
}

export interface ValueInfo {
  readonly name: string;
  readonly type: keyof typeof elementTypes;
  /** A text names a size that is open. */
  readonly shape: readonly (number | string)[];
}

export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | readonly string[];
}

export type Attribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] };

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Collects a graph; values are called by the names that this returns. */
export interface GraphBuilder {
  input(name: string, type: ValueInfo["type"], shape: ValueInfo["shape"]): string;
  output(name: string, of: string, type: ValueInfo["type"], shape: ValueInfo["shape"]): void;
  floats(data: ArrayLike<number>, shape: readonly number[], name?: string): string;
  doubles(data: ArrayLike<number>, shape: readonly number[], name?: string): string;
  /** Whole numbers in one dimension. */
  integers(data: readonly number[]): string;
  texts(data: readonly string[], shape: readonly number[]): string;
  node(op: string, inputs: readonly string[], attributes?: OnnxNode["attributes"]): string;
  finish(name: string): OnnxGraph;
}

export function graphBuilder(): GraphBuilder {
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const constants = new Map<string, Constant>();
  const nodes: OnnxNode[] = [];
  const taken = new Set<string>();
  const fresh = (wanted: string) => {
    let name = wanted;
    for (let i = 1; taken.has(name); i++) name = `${wanted}_${i}`;
    taken.add(name);
    return name;
  };
  /** The same values are one constant. */
  const constant = (one: Omit<Constant, "name">, wanted?: string) => {
    const key = wanted ?? keyOf(one);
    const known = constants.get(key);
    if (known !== undefined) return known.name;
    const name = fresh(wanted ?? "constant");
    constants.set(key, { ...one, name });
    return name;
  };
  return {
    input(name, type, shape) {
      inputs.push({ name: fresh(name), type, shape });
      return inputs.at(-1)!.name;
    },
    output(name, of, type, shape) {
      nodes.push({ op: "Identity", inputs: [of], output: fresh(name), attributes: {} });
      outputs.push({ name: nodes.at(-1)!.output, type, shape });
    },
    floats: (data, shape, name) => constant({ shape, data: Float32Array.from(data) }, name),
    doubles: (data, shape, name) => constant({ shape, data: Float64Array.from(data) }, name),
    integers: (data) =>
      constant({ shape: [data.length], data: BigInt64Array.from(data.map((one) => BigInt(one))) }),
    texts: (data, shape) => constant({ shape, data }),
    node(op, used, attributes = {}) {
      const output = fresh(op.toLowerCase());
      nodes.push({ op, inputs: used, output, attributes });
      return output;
    },
    finish: (name) => ({ name, inputs, outputs, constants: [...constants.values()], nodes }),
  };
}

function keyOf({ shape, data }: Omit<Constant, "name">): string {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : JSON.stringify(data);
  return `${data.constructor.name} ${shape.join()} ${hash("sha256", bytes, "hex")}`;
}
