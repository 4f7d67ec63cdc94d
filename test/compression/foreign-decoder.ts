/*
 * Reads payloads by docs/compression.md alone, "For a decoder of your own", as a program in another
 * language would: nothing of kofn is used.
 */

/** The entries of a payload about `d` of them. */
export function readForeign(payload: Uint8Array, d: number): Float32Array {
  const checkBytes = payload.length <= 32 ? 2 : 4;
  const body = payload.subarray(0, payload.length - checkBytes);
  const sum = checkBytes === 2 ? crc16(covered(body, d)) : crc32(covered(body, d));
  for (let i = 0; i < checkBytes; i++)
    if (payload[body.length + i] !== ((sum >>> (8 * i)) & 255)) throw new Error("checksum");
  const reader = new Reader(body);
  const entries = readEntries(reader, d);
  reader.align();
  if (!reader.isAtEnd()) throw new Error("bytes are left");
  return entries;
}

function covered(body: Uint8Array, d: number): number[] {
  const bytes: number[] = [];
  let rest = d;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest, ...body];
}

function crc16(bytes: readonly number[]): number {
  let crc = 0xffff;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const out = (crc >> 15) ^ ((byte >> bit) & 1);
      crc = (crc << 1) & 0xffff;
      if (out === 1) crc ^= 0x5935;
    }
  return crc;
}

function crc32(bytes: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

class Reader {
  private readonly bytes: Uint8Array;
  private bit = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.bit++) {
      if (this.bit >= 8 * this.bytes.length) throw new Error("too short");
      value = 2 * value + ((this.bytes[this.bit >> 3]! >> (7 - (this.bit & 7))) & 1);
    }
    return value;
  }

  align(): void {
    while (this.bit % 8 !== 0) if (this.bits(1) !== 0) throw new Error("not filled with zeros");
  }

  isAtEnd(): boolean {
    return this.bit === 8 * this.bytes.length;
  }

  whole(): number {
    const byte = this.bits(8);
    return byte < 128 ? byte : byte - 128 + 128 * this.whole();
  }

  integer(): number {
    const bytes = [0, 1, 2, 3].map(() => this.bits(8));
    return bytes[0]! + 2 ** 8 * bytes[1]! + 2 ** 16 * bytes[2]! + 2 ** 24 * bytes[3]!;
  }

  float(): number {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, this.integer());
    return view.getFloat32(0);
  }

  floats(count: number): number[] {
    return Array.from({ length: count }, () => this.float());
  }

  rice(count: number): number[] {
    const b = this.bits(5);
    return Array.from({ length: count }, () => {
      let ones = 0;
      while (this.bits(1) === 1) ones++;
      return ones * 2 ** b + this.bits(b);
    });
  }
}

function readEntries(reader: Reader, d: number): Float32Array {
  const first = reader.bits(8);
  if (first >> 5 !== 2) throw new Error("version");
  const kind = first & 31;
  if (kind === 15) return readRotated(reader, d);
  if (kind === 16) return readProduct(reader, d);
  if (kind === 17) return readParts(reader, d);
  if (kind === 18) return readSlices(reader, d);
  return readCoded(reader, kind % 3, Math.floor(kind / 3), d);
}

function readCoded(reader: Reader, s: number, v: number, d: number): Float32Array {
  const count = s === 0 ? d : reader.whole();
  const seed = s === 2 ? `${reader.bits(32)}.${reader.bits(32)}` : "";
  const numbers = v === 0 ? reader.floats(count) : v === 4 ? [] : reader.floats(v === 3 ? 2 : 1);
  const byte = v >= 3 ? reader.bits(8) : 0;
  const told = Array.from({ length: count }, (_, i) => i);
  if (s === 1)
    for (const [i, gap] of reader.rice(count).entries())
      told[i] = gap + (i === 0 ? 0 : told[i - 1]! + 1);
  if (s === 2) for (const [i, one] of drawn(count, d, seed).entries()) told[i] = one;
  const values = readValues(reader, { s, v, count, numbers, byte });
  const out = new Float32Array(d);
  for (const [i, at] of told.entries()) out[at] = values[i]!;
  return out;
}

interface Told {
  readonly s: number;
  readonly v: number;
  readonly count: number;
  readonly numbers: readonly number[];
  readonly byte: number;
}

function readValues(reader: Reader, { s, v, count, numbers, byte }: Told): readonly number[] {
  const [first = 0, second = 0] = numbers;
  if (v === 0) return numbers;
  if (v === 1) {
    const sizes = reader.rice(count).map((size) => size + (s % 2));
    return sizes.map((size) => (size > 0 && reader.bits(1) === 1 ? -first * size : first * size));
  }
  const all = Array.from({ length: count });
  if (v === 3) return all.map(() => first + second * reader.bits(byte));
  const scale = v === 2 ? first : byte === 0 ? 0 : Math.fround(2 ** ((byte - 192) / 8));
  return all.map(() => (reader.bits(1) === 1 ? -scale : scale));
}

function readRotated(reader: Reader, d: number): Float32Array {
  const draw = stream(`${reader.bits(32)}.${reader.bits(32)}`);
  let size = 1;
  while (size < d) size *= 2;
  const y = readEntries(reader, size);
  const parity = (i: number): number => (i === 0 ? 0 : (i & 1) ^ parity(i >>> 1));
  const out = new Float32Array(d);
  let signs = 0;
  for (let i = 0; i < d; i++) {
    if (i % 32 === 0) signs = draw(2 ** 32);
    const sum = y.reduce((total, value, j) => total + (parity(i & j) === 1 ? -value : value), 0);
    const isNegative = Math.floor(signs / 2 ** (i % 32)) % 2 === 1;
    out[i] = (isNegative ? -sum : sum) / Math.sqrt(size) + 0;
  }
  return out;
}

function readProduct(reader: Reader, d: number): Float32Array {
  const [rows, rank] = [reader.whole(), reader.whole()];
  const columns = d / rows;
  const [left, right] = [reader.floats(rows * rank), reader.floats(columns * rank)];
  return Float32Array.from({ length: d }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += left[i * rank + r]! * right[j * rank + r]!;
    return sum;
  });
}

function readParts(reader: Reader, d: number): Float32Array {
  const count = reader.whole();
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    all.push(...readEntries(reader, reader.whole()));
    reader.align();
  }
  if (all.length !== d) throw new Error("parts");
  return Float32Array.from(all);
}

function readSlices(reader: Reader, d: number): Float32Array {
  const rows = reader.whole();
  reader.bits(8);
  const ids = Array.from({ length: reader.whole() }, () => 0).map(() => reader.integer());
  const columns = d / rows;
  const out = new Float32Array(d);
  for (const id of ids) for (let j = 0; j < columns; j++) out[id * columns + j]! += reader.float();
  return out;
}

function drawn(count: number, d: number, seed: string): number[] {
  const draw = stream(seed);
  const chosen = new Set<number>();
  for (let j = d - count; j < d; j++) {
    const one = draw(j + 1);
    chosen.add(chosen.has(one) ? j : one);
  }
  return [...chosen].sort((a, b) => a - b);
}

function stream(text: string): (below: number) => number {
  const rotl = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits));
  const state = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667].map((start, i) => {
    let word = start;
    for (let at = 0; at < text.length; at++) {
      const c = Math.imul(text.charCodeAt(at) + i * 0x1000193, 0xcc9e2d51);
      word = Math.imul(rotl(word ^ Math.imul(rotl(c, 15), 0x1b873593), 13), 5) + 0xe6546b64;
    }
    let w = word ^ text.length ^ Math.imul(i, 0x85ebca6b);
    w = Math.imul(w ^ (w >>> 16), 0x85ebca6b);
    w = Math.imul(w ^ (w >>> 13), 0xc2b2ae35);
    return w ^ (w >>> 16);
  });
  const next = () => {
    const out = Math.imul(rotl(Math.imul(state[1]!, 5), 7), 9) >>> 0;
    const t = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= t;
    state[3] = rotl(state[3]!, 11);
    return out;
  };
  return (below) => {
    const [a, b] = [next(), next()];
    return Math.floor(((a >>> 5) * 2 ** 26 + (b >>> 6)) * 2 ** -53 * below);
  };
}
