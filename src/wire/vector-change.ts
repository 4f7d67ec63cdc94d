import { RunError } from "../core/errors.ts";

type Floats = Float32Array<ArrayBuffer>;

/** How one vector becomes another of its length: by runs of numbers that are others. */
export interface VectorChange {
  /** How many numbers stay, how many follow that do not, and so on, each as LEB128. */
  readonly runs: Uint8Array<ArrayBuffer>;
  /** The numbers that do not stay, to the bit. */
  readonly values: Floats;
}

/** Numbers that stay between two that do not travel along where they are fewer than a run costs. */
const gapMax = 1;

/** The change from one vector to another; null where it is no fewer bytes than the other. */
export function changeBetween(before: Float32Array, after: Floats): VectorChange | null {
  const [a, b] = [bitsOf(before), bitsOf(after)];
  const runs = new Leb128();
  const places: number[] = [];
  let count = 0;
  let last = 0;
  for (let at = 0; at < b.length; ) {
    if (a[at] === b[at]) {
      at++;
      continue;
    }
    let end = at + 1;
    for (let next = end; next < b.length && next <= end + gapMax; next++)
      if (a[next] !== b[next]) end = next + 1;
    runs.write(at - last);
    runs.write(end - at);
    places.push(at, end);
    count += end - at;
    if (4 * count + runs.length >= after.byteLength) return null;
    last = at = end;
  }
  const values = new Float32Array(count);
  for (let i = 0, to = 0; i < places.length; i += 2) {
    values.set(after.subarray(places[i]!, places[i + 1]!), to);
    to += places[i + 1]! - places[i]!;
  }
  return { runs: runs.bytes(), values };
}

/** The vector that a change makes of another. Throws `RunError` for a change that does not fit. */
export function applyChange(before: Float32Array, { runs, values }: VectorChange): Floats {
  const out = new Float32Array(before);
  const numbers = readLeb128(runs);
  let [at, from] = [0, 0];
  for (let i = 0; i < numbers.length; i += 2) {
    at += numbers[i]!;
    const length = numbers[i + 1] ?? Number.NaN;
    if (!(at + length <= out.length && from + length <= values.length)) return refuse();
    out.set(values.subarray(from, from + length), at);
    at += length;
    from += length;
  }
  return from === values.length ? out : refuse();
}

function refuse(): never {
  throw new RunError("bad-packet", "weights: their change is of another vector");
}

function bitsOf(vector: Float32Array): Uint32Array {
  return new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
}

/** Whole numbers, seven bits a byte, lowest first. */
class Leb128 {
  length = 0;
  private room = new Uint8Array(1_024);

  write(number: number): void {
    if (this.length + 5 > this.room.length) {
      const larger = new Uint8Array(2 * this.room.length);
      larger.set(this.room);
      this.room = larger;
    }
    let rest = number;
    for (; rest > 127; rest >>>= 7) this.room[this.length++] = (rest & 127) | 128;
    this.room[this.length++] = rest;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.room.slice(0, this.length);
  }
}

function readLeb128(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let [number, factor] = [0, 1];
  for (const byte of bytes) {
    number += (byte & 127) * factor;
    factor *= 128;
    if (byte > 127) continue;
    numbers.push(number);
    [number, factor] = [0, 1];
  }
  return numbers;
}
