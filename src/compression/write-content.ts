import type { ByteWriter } from "./byte-writer.ts";
import {
  type Coded,
  type PayloadModel,
  payloadVectorLength,
  type Seed,
  type Values,
} from "./payload-model.ts";
import { bestRice, gapsOf, writeRice } from "./rice.ts";

/** Raised with every change of the format: the upper three bits of a content's first byte. */
export const version = 2;
/** The lower five bits: the support and three times the values, or what is not `Coded`. */
export const supports = ["all", "positions", "drawn"] as const;
export const valueKinds = ["floats", "levels", "signs", "interval", "rough-signs"] as const;
export const others = { rotated: 15, product: 16, parts: 17 } as const;

/** Writes all but the length, which readers know: numbers first, then bits without gaps. */
export function writeContent(writer: ByteWriter, content: PayloadModel): void {
  if (content.kind === "coded") {
    writeCoded(writer, content);
    return;
  }
  writeKind(writer, others[content.kind]);
  if (content.kind === "rotated") {
    writeSeed(writer, content.seed);
    writeCoded(writer, content.turned);
  } else if (content.kind === "product") {
    writer.whole(content.rows);
    writer.whole(content.rank);
    writer.floats(content.left);
    writer.floats(content.right);
  } else {
    writer.whole(content.parts.length);
    for (const part of content.parts) {
      writer.whole(payloadVectorLength(part));
      writeContent(writer, part);
      writer.align();
    }
  }
}

function writeKind(writer: ByteWriter, kind: number): void {
  writer.byte(32 * version + kind);
}

function writeCoded(writer: ByteWriter, { support, values }: Coded): void {
  writeKind(writer, supports.indexOf(support.kind) + 3 * valueKinds.indexOf(values.kind));
  if (support.kind === "drawn") {
    writer.whole(support.count);
    writeSeed(writer, support.seed);
  } else if (support.kind === "positions") writer.whole(support.positions.length);
  writeNumbers(writer, values);
  if (support.kind === "positions") {
    const gaps = gapsOf(support.positions);
    const { b } = bestRice(gaps);
    writer.bits(b, 5);
    writeRice(writer, gaps, b);
  }
  writeBits(writer, values, support.kind === "positions");
}

function writeNumbers(writer: ByteWriter, values: Values): void {
  if (values.kind === "floats") writer.floats(values.floats);
  else if (values.kind === "levels") writer.floats(Float32Array.of(values.unit));
  else if (values.kind === "signs") writer.floats(Float32Array.of(values.scale));
  else if (values.kind === "rough-signs") writer.byte(values.code);
  else {
    writer.floats(Float32Array.of(values.low, values.unit));
    writer.byte(values.bits);
  }
}

function writeBits(writer: ByteWriter, values: Values, isSparse: boolean): void {
  if (values.kind === "signs" || values.kind === "rough-signs") {
    writer.packed(values.negative, 1);
  } else if (values.kind === "interval") {
    writer.packed(values.levels, values.bits);
  } else if (values.kind === "levels") {
    const { levels } = values;
    const sizes = sizesOf(levels, isSparse);
    const { b } = bestRice(sizes);
    writer.bits(b, 5);
    writeRice(writer, sizes, b);
    for (let i = 0; i < levels.length; i++)
      if (levels[i] !== 0) writer.bits(levels[i]! < 0 ? 1 : 0, 1);
  }
}

/** Among positions that are told one by one no level is 0: they begin at 1. */
function sizesOf(levels: Int32Array, isSparse: boolean): Uint32Array<ArrayBuffer> {
  const sizes = new Uint32Array(levels.length);
  const less = isSparse ? 1 : 0;
  for (let i = 0; i < sizes.length; i++) sizes[i] = Math.abs(levels[i]!) - less;
  return sizes;
}

function writeSeed(writer: ByteWriter, [high, low]: Seed): void {
  writer.bits(high, 32);
  writer.bits(low, 32);
}

/** To tell of the levels that are not 0 takes fewer bits than to tell of all. */
export function isShorterSparse(levels: Int32Array, positions: Uint32Array): boolean {
  const all = bestRice(sizesOf(levels, false)).bits;
  const kept = Int32Array.from(positions, (at) => levels[at]!);
  const gaps = gapsOf(positions);
  return bestRice(gaps).bits + bestRice(sizesOf(kept, true)).bits < all;
}
