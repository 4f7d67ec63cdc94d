import { powerOfTwoAtLeast } from "../math/transforms.ts";
import { type ByteReader, refusePayload } from "./byte-reader.ts";
import type {
  Coded,
  PayloadModel,
  PayloadParts,
  Product,
  Rotated,
  Seed,
  Support,
  Values,
} from "./payload-model.ts";
import { positionsOf, readRice } from "./rice.ts";
import { others, supports, valueKinds, version } from "./write-content.ts";

const levelMax = 2 ** 31 - 1;
const intervalBitsMax = 16;

/** Reads what `writeContent` wrote about a vector of this length. */
export function readContent(reader: ByteReader, length: number, isPart = false): PayloadModel {
  const kind = readKind(reader);
  if (kind === others.rotated) return readRotated(reader, length);
  if (kind === others.product) return readProduct(reader, length);
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
