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
    this.room(4 * values.length);
    const copy = values.slice();
    this.bytes.set(new Uint8Array(copy.buffer, 0, copy.byteLength), this.length);
    this.length += copy.byteLength;
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

  /** All of it so far, whole bytes only. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }

  private room(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(2 * Math.max(this.bytes.length, this.length + bytes));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
