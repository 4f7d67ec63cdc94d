/** A part of Node that every snapshot holds compiled. */
const known = "internal/streams/writable";
const lengthBytes = 8;
const countMax = 2_000;
const nameBytesMax = 200;

/**
 * A startup snapshot without the compiled forms of Node's own modules, four tenths of it: what a
 * function needs of those is loaded in it, and all of it is read at every start. They are a list at
 * its end, of names and bytes with their lengths before them; where the end is none such, as in
 * another Node's, the snapshot is given back as it is.
 */
export function withoutCompiledBuiltins(blob: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeBigUInt64LE(BigInt(known.length));
  const first = blob.lastIndexOf(Buffer.concat([length, Buffer.from(known)]));
  for (let at = first - lengthBytes; at > 0; at--)
    if (isListToEnd(blob, at))
      return Buffer.concat([blob.subarray(0, at), Buffer.alloc(lengthBytes)]);
  return blob;
}

/** Whether a list begins there that ends where the snapshot does. */
function isListToEnd(blob: Buffer, start: number): boolean {
  const count = lengthAt(blob, start, countMax);
  let at = start + lengthBytes;
  for (let i = 0; i < count; i++) {
    const name = lengthAt(blob, at, nameBytesMax);
    if (name === 0) return false;
    at += lengthBytes + name;
    const bytes = lengthAt(blob, at, blob.length - at);
    if (bytes === 0) return false;
    at += lengthBytes + bytes;
  }
  return count > 0 && at === blob.length;
}

/** A length of at most so much; 0 where there is none. */
function lengthAt(blob: Buffer, at: number, max: number): number {
  if (at + lengthBytes > blob.length || blob.readUInt32LE(at + 4) !== 0) return 0;
  const length = blob.readUInt32LE(at);
  return length <= max ? length : 0;
}
