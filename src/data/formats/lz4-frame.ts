const frameMagic = 0x184d2204;

/**
 * What a frame of LZ4 holds, its blocks linked or not; checksums are passed over. Throws `Error`
 * where it is damaged.
 */
export function lz4Frame(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 7 || view.getUint32(0, true) !== frameMagic) throw damaged();
  const flags = bytes[4]!;
  const [hasChecksums, hasSize] = [(flags & 0x10) !== 0, (flags & 0x08) !== 0];
  const out = new Output(hasSize ? Number(view.getBigUint64(6, true)) : 4 * bytes.length);
  let at = 7 + (hasSize ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0);
  for (;;) {
    if (at + 4 > bytes.length) throw damaged();
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return out.bytes();
    const length = word & 0x7fffffff;
    if (at + length > bytes.length) throw damaged();
    const block = bytes.subarray(at, at + length);
    if (word >= 0x80000000) out.append(block);
    else inflate(block, out);
    at += length + (hasChecksums ? 4 : 0);
  }
}

function damaged(): Error {
  return new Error("a damaged LZ4 frame");
}

/** Sequences of literals and of copies of what came before. */
function inflate(block: Uint8Array, out: Output): void {
  let at = 0;
  const more = (length: number): number => {
    if (length < 15) return length;
    let sum = length;
    for (;;) {
      const byte = block[at++];
      if (byte === undefined) throw damaged();
      sum += byte;
      if (byte < 255) return sum;
    }
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = more(token >> 4);
    if (at + literals > block.length) throw damaged();
    out.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    if (at + 2 > block.length) throw damaged();
    const distance = block[at]! + 256 * block[at + 1]!;
    at += 2;
    out.repeat(distance, more(token & 15) + 4);
  }
}

/** More than this of one frame is taken for damage. */
const bytesMax = 2 ** 31;

class Output {
  private buffer: Uint8Array;
  private used = 0;

  constructor(bytes: number) {
    if (bytes > bytesMax) throw damaged();
    this.buffer = new Uint8Array(Math.max(64, bytes));
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** What is copied may be what is being written. */
  repeat(distance: number, length: number): void {
    if (distance === 0 || distance > this.used) throw damaged();
    this.reserve(length);
    for (let i = 0; i < length; i++) {
      this.buffer[this.used] = this.buffer[this.used - distance]!;
      this.used++;
    }
  }

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }

  private reserve(more: number): void {
    const needed = this.used + more;
    if (needed <= this.buffer.length) return;
    if (needed > bytesMax) throw damaged();
    const wider = new Uint8Array(Math.max(needed, 2 * this.buffer.length));
    wider.set(this.bytes());
    this.buffer = wider;
  }
}
