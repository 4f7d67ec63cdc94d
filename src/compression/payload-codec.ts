import { powerOfTwoAtLeast } from "../math/transforms.ts";
import { type ByteReader, type ByteWriter, refusePayload } from "./bits.ts";
import { bestRice, gapsOf, positionsOf, readRice, writeRice } from "./codes.ts";
import {
  type Coded,
  type PayloadModel,
  type PayloadParts,
  type Product,
  payloadVectorLength,
  type Rotated,
  type Seed,
  type Support,
  type Values,
} from "./payload-model.ts";
import { readSlices, writeSlices } from "./payload-slices.ts";

/** Raised with every change of the format: the upper three bits of a content's first byte. */
export const version = 2;
/** The lower five bits: the support and three times the values, or what is not `Coded`. */
export const supports = ["all", "positions", "drawn"] as const;
export const valueKinds = ["floats", "levels", "signs", "interval", "rough-signs"] as const;
export const others = { rotated: 15, product: 16, parts: 17, slices: 18 } as const;

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
  } else if (content.kind === "slices") {
    writeSlices(writer, content);
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

const levelMax = 2 ** 31 - 1;
const intervalBitsMax = 16;

/** Reads what `writeContent` wrote about a vector of this length. */
export function readContent(reader: ByteReader, length: number, isPart = false): PayloadModel {
  const kind = readKind(reader);
  if (kind === others.rotated) return readRotated(reader, length);
  if (kind === others.product) return readProduct(reader, length);
  if (kind === others.slices) return readSlices(reader, length);
  if (kind === others.parts && !isPart) return readParts(reader, length);
  return readCoded(reader, kind, length);
}

function readKind(reader: ByteReader): number {
  const first = reader.byte();
  if (first >> 5 !== version) refusePayload("it is of another version");
  return first & 31;
}

function readParts(reader: ByteReader, length: number): PayloadParts {
  const count = reader.whole();
  const parts: PayloadModel[] = [];
  let left = length;
  for (let i = 0; i < count; i++) {
    const told = reader.whole();
    if (told > left) refusePayload(`a part has ${told} entries where ${left} are left`);
    parts.push(readContent(reader, told, true));
    reader.align();
    left -= told;
  }
  if (left !== 0) refusePayload(`its parts leave ${left} entries out`);
  return { kind: "parts", parts };
}

function readRotated(reader: ByteReader, length: number): Rotated {
  const seed = readSeed(reader);
  const turned = readCoded(reader, readKind(reader), powerOfTwoAtLeast(length));
  return { kind: "rotated", length, seed, turned };
}

function readProduct(reader: ByteReader, length: number): Product {
  const rows = reader.whole();
  const rank = reader.whole();
  if (rows === 0 || length % rows !== 0)
    refusePayload(`${length} entries do not make ${rows} rows`);
  const columns = length / rows;
  if (rank > Math.min(rows, columns)) refusePayload(`its rank is ${rank}`);
  const left = reader.floats(rows * rank);
  return { kind: "product", rows, columns, rank, left, right: reader.floats(columns * rank) };
}

function readCoded(reader: ByteReader, kind: number, length: number): Coded {
  const chosen = supports[kind % 3];
  const values = valueKinds[Math.floor(kind / 3)];
  if (chosen === undefined || values === undefined)
    return refusePayload(`no kind is called ${kind}`);
  const count = chosen === "all" ? length : reader.whole();
  if (count > length) refusePayload(`${count} of ${length} entries`);
  const seed = chosen === "drawn" ? readSeed(reader) : null;
  const numbers = readNumbers(reader, values, count);
  const support: Support =
    chosen === "positions"
      ? { kind: chosen, positions: readPositions(reader, count, length) }
      : seed === null
        ? { kind: "all" }
        : { kind: "drawn", count, seed };
  return { kind: "coded", length, support, values: readBits(reader, numbers, count, support) };
}

function readPositions(reader: ByteReader, count: number, length: number) {
  return positionsOf(readRice(reader, count, reader.bits(5), length), length);
}

/** Values whose bits are yet to come. */
function readNumbers(reader: ByteReader, kind: Values["kind"], count: number): Values {
  if (kind === "floats") return { kind, floats: reader.floats(count) };
  if (kind === "rough-signs") return { kind, code: reader.byte(), negative: new Uint8Array(0) };
  const first = reader.floats(1)[0]!;
  if (kind === "levels") return { kind, unit: first, levels: new Int32Array(0) };
  if (kind === "signs") return { kind, scale: first, negative: new Uint8Array(0) };
  const unit = reader.floats(1)[0]!;
  const bits = reader.byte();
  if (bits > intervalBitsMax) refusePayload(`levels of ${bits} bits`);
  return { kind, low: first, unit, bits, levels: new Uint32Array(0) };
}

function readBits(reader: ByteReader, values: Values, count: number, support: Support): Values {
  if (values.kind === "signs" || values.kind === "rough-signs") {
    return { ...values, negative: reader.packed(new Uint8Array(count), 1) };
  }
  if (values.kind === "interval") {
    return { ...values, levels: reader.packed(new Uint32Array(count), values.bits) };
  }
  if (values.kind === "floats") return values;
  const sizes = readRice(reader, count, reader.bits(5), levelMax);
  const more = support.kind === "positions" ? 1 : 0;
  const levels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const size = sizes[i]! + more;
    levels[i] = size !== 0 && reader.bits(1) === 1 ? -size : size;
  }
  return { ...values, levels };
}

function readSeed(reader: ByteReader): Seed {
  return [reader.bits(32), reader.bits(32)];
}
