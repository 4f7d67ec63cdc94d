import { RunError } from "../core/errors.ts";

/** Bytes and bits, one after another; bits from a byte's highest to its lowest. */
export class ByteWriter {
  private bytes = new Uint8Array(64);
  private length = 0;
  private pending = 0;
  private pendingBits = 0;

  byte(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }

  /** An unsigned integer below 2^32: seven bits a byte, lowest first. */
  whole(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) + 128);
    this.byte(rest);
  }

  /** Little-endian. */
  floats(values: Float32Array): void {
    this.room(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** 32 bits each, little-endian. */
  integers(values: Uint32Array): void {
    this.floats(new Float32Array(values.buffer, values.byteOffset, values.length));
  }

  /** The lowest `count` bits of a value, at most 32. */
  bits(value: number, count: number): void {
    if (count > 16) {
      this.bits(value >>> 16, count - 16);
      this.bits(value & 0xffff, 16);
      return;
    }
    this.room(4);
    this.pending = (this.pending << count) | (value & (2 ** count - 1));
    this.pendingBits += count;
    while (this.pendingBits >= 8) {
      this.pendingBits -= 8;
      this.bytes[this.length++] = this.pending >>> this.pendingBits;
    }
  }

  /** As `bits` of one after another, at most 16 bits each. */
  packed(values: ArrayLike<number>, bits: number): void {
    this.room(Math.ceil((values.length * bits) / 8) + 1);
    const { bytes } = this;
    let { length, pending, pendingBits } = this;
    for (let i = 0; i < values.length; i++) {
      pending = (pending << bits) | values[i]!;
      pendingBits += bits;
      while (pendingBits >= 8) {
        pendingBits -= 8;
        bytes[length++] = pending >>> pendingBits;
      }
    }
    this.length = length;
    this.pending = pending;
    this.pendingBits = pendingBits;
  }

  /** So many ones, and a zero. */
  unary(count: number): void {
    let rest = count;
    for (; rest >= 16; rest -= 16) this.bits(0xffff, 16);
    this.bits(2 ** (rest + 1) - 2, rest + 1);
  }

  /** Fills the last byte up with zeros. */
  align(): void {
    if (this.pendingBits > 0) this.bits(0, 8 - this.pendingBits);
  }

  /** All of it so far, whole bytes only; good until more is written. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  private room(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + bytes + 16));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

/** Reads what `ByteWriter` wrote. Nothing is believed: it never reads, nor makes room, beyond. */
export class ByteReader {
  private readonly bytes: Uint8Array;
  private at = 0;
  private bitsLeft = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    this.need(1);
    return this.bytes[this.at++]!;
  }

  whole(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value < 2 ** 32 ? value : refusePayload("a number is too large");
    }
    return refusePayload("a number is too long");
  }

  floats(count: number): Float32Array<ArrayBuffer> {
    this.need(4 * count);
    const copy = this.bytes.slice(this.at, this.at + 4 * count);
    this.at += 4 * count;
    return new Float32Array(copy.buffer);
  }

  integers(count: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.floats(count).buffer);
  }

  /** Up to 32 bits as an unsigned number. */
  bits(count: number): number {
    let value = 0;
    for (let wanted = count; wanted > 0; ) {
      if (this.bitsLeft === 0) {
        this.need(1);
        this.at++;
        this.bitsLeft = 8;
      }
      const taken = Math.min(wanted, this.bitsLeft);
      const rest = this.bitsLeft - taken;
      const part = (this.bytes[this.at - 1]! >>> rest) & (2 ** taken - 1);
      value = value * 2 ** taken + part;
      this.bitsLeft = rest;
      wanted -= taken;
    }
    return value;
  }

  /** As `bits` for every place of `out`, at most 16 bits each. */
  packed<Out extends Uint8Array | Uint32Array>(out: Out, bits: number): Out {
    const missing = out.length * bits - this.bitsLeft;
    this.need(Math.max(0, Math.ceil(missing / 8)));
    const { bytes } = this;
    let { at, bitsLeft } = this;
    let pending = bitsLeft === 0 ? 0 : bytes[at - 1]! & (2 ** bitsLeft - 1);
    const mask = 2 ** bits - 1;
    for (let i = 0; i < out.length; i++) {
      while (bitsLeft < bits) {
        pending = ((pending << 8) | bytes[at++]!) & 0xffffff;
        bitsLeft += 8;
      }
      bitsLeft -= bits;
      out[i] = (pending >>> bitsLeft) & mask;
    }
    this.at = at;
    this.bitsLeft = bitsLeft;
    return out;
  }

  /** How many ones come before the next zero. */
  unary(): number {
    let count = 0;
    while (this.bits(1) === 1) count++;
    return count;
  }

  /** Refuses bits or bytes that are left over. */
  end(): void {
    if (this.bits(this.bitsLeft) !== 0) refusePayload("it is not filled up with zeros");
    if (this.at !== this.bytes.length) refusePayload("it goes on behind its end");
  }

  align(): void {
    if (this.bits(this.bitsLeft) !== 0) refusePayload("it is not filled up with zeros");
  }

  private need(bytes: number): void {
    if (this.at + bytes > this.bytes.length) refusePayload("it ends too early");
  }
}

/** For payloads that cannot be: they come from outside. */
export function refusePayload(why: string): never {
  throw new RunError("bad-payload", `a compressed vector cannot be read: ${why}`);
}
