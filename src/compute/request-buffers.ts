/** Memory of requests that have been answered, for those to come. */
export interface RequestBuffers {
  /** So many bytes, which hold anything. */
  take(length: number): Buffer;
  /** Of a request that nobody reads any more. */
  giveBack(bytes: Uint8Array): void;
}

const keptBytesMax = 16 * 1024 * 1024;
/** Small ones come from Node's own pool. */
const smallBytesMax = 16 * 1024;

/**
 * The requests of a round are of one size, and a new buffer of some hundred KB for each of them
 * makes the garbage collector run every few rounds. Keeps at most 16 MB.
 */
export function requestBuffers(): RequestBuffers {
  const free: ArrayBufferLike[] = [];
  let kept = 0;
  return {
    take(length) {
      if (length <= smallBytesMax) return Buffer.allocUnsafe(length);
      const at = free.findIndex((one) => one.byteLength >= length && one.byteLength <= 2 * length);
      if (at < 0) return Buffer.allocUnsafeSlow(length);
      const [found] = free.splice(at, 1);
      kept -= found!.byteLength;
      return Buffer.from(found!, 0, length);
    },
    giveBack({ buffer, byteLength }) {
      if (byteLength <= smallBytesMax) return;
      free.push(buffer);
      kept += buffer.byteLength;
      while (kept > keptBytesMax) kept -= free.shift()!.byteLength;
    },
  };
}
