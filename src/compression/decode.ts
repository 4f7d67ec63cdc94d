import { addSlices } from "../math/slices/slices.ts";
import { fromLog8 } from "./codes.ts";
import {
  type Coded,
  type PayloadModel,
  type Product,
  payloadVectorLength,
  type Values,
} from "./payload-model.ts";
import { seededPositions, unrotate } from "./seeded-draws.ts";

/** The vector that a payload's content stands for. */
export function decodePayload(content: PayloadModel): Float32Array<ArrayBuffer> {
  // What was read as it is needs no copy.
  if (content.kind === "coded" && content.support.kind === "all") return numbersOf(content.values);
  const out = new Float32Array(payloadVectorLength(content));
  expandInto(content, out);
  return out;
}

function expandInto(content: PayloadModel, out: Float32Array<ArrayBuffer>): void {
  if (content.kind === "coded") expandCoded(content, out);
  else if (content.kind === "product") expandProduct(content, out);
  else if (content.kind === "slices") addSlices(out, 0, 1, content.slices);
  else if (content.kind === "rotated") {
    out.set(unrotate(decodePayload(content.turned), content.length, content.seed));
  } else {
    let from = 0;
    for (const part of content.parts) {
      const to = from + payloadVectorLength(part);
      expandInto(part, out.subarray(from, to));
      from = to;
    }
  }
}

function expandCoded({ length, support, values }: Coded, out: Float32Array): void {
  const numbers = numbersOf(values);
  if (support.kind === "all") {
    out.set(numbers);
    return;
  }
  const positions =
    support.kind === "positions"
      ? support.positions
      : seededPositions(support.count, length, support.seed);
  for (let i = 0; i < positions.length; i++) out[positions[i]!] = numbers[i]!;
}

function numbersOf(values: Values): Float32Array<ArrayBuffer> {
  if (values.kind === "floats") return values.floats;
  if (values.kind === "signs" || values.kind === "rough-signs") {
    const { negative } = values;
    const scale = values.kind === "signs" ? values.scale : fromLog8(values.code);
    const out = new Float32Array(negative.length);
    // Not -0 where there is nothing.
    for (let i = 0; i < out.length; i++) out[i] = negative[i] === 1 && scale !== 0 ? -scale : scale;
    return out;
  }
  const { unit, levels } = values;
  const low = values.kind === "interval" ? values.low : 0;
  const out = new Float32Array(levels.length);
  for (let i = 0; i < out.length; i++) out[i] = levels[i] === 0 ? low : low + unit * levels[i]!;
  return out;
}

function expandProduct({ rows, columns, rank, left, right }: Product, out: Float32Array): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let r = 0; r < rank; r++) sum += left[i * rank + r]! * right[j * rank + r]!;
      out[i * columns + j] = sum;
    }
  }
}
