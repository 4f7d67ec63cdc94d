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
