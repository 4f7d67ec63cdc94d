import { isUtf8 } from "node:buffer";
import { RunError } from "../../core/errors.ts";
import { inflated } from "./inflate.ts";
import type { Source } from "./source.ts";

/** Unpacked bytes without byte order mark, checked to be UTF-8 text. */
export async function* decodeText(source: Source): AsyncGenerator<Buffer> {
  let carry: Buffer = Buffer.alloc(0);
  let lines = 0;
  let first = true;
  for await (const bytes of inflated(source)) {
    let chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (carry.length > 0) chunk = Buffer.concat([carry, chunk]);
    if (first) {
      if (chunk.length < 3) {
        carry = chunk;
        continue;
      }
      refuseUtf16(chunk, source.name);
      if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) chunk = chunk.subarray(3);
      first = false;
    }
    const end = characterEnd(chunk);
    const whole = chunk.subarray(0, end);
    lines = checked(whole, source.name, lines);
    carry = Buffer.from(chunk.subarray(end));
    if (whole.length > 0) yield whole;
  }
  checked(carry, source.name, lines);
  if (carry.length > 0) yield carry;
}

/** Where the last character that is whole ends; at most three bytes before the end. */
function characterEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

/** Returns the lines so far. */
function checked(bytes: Buffer, name: string, lines: number): number {
  const bad = !isUtf8(bytes) ? badAt(bytes) : bytes.indexOf(0);
  let count = lines;
  const end = bad < 0 ? bytes.length : bad;
  for (let at = bytes.indexOf(10); at >= 0 && at < end; at = bytes.indexOf(10, at + 1)) count++;
  if (bad < 0) return count;
  const nul = bytes[bad] === 0;
  const hex = bytes[bad]!.toString(16).padStart(2, "0");
  throw new RunError(
    nul ? "binary-data" : "not-utf8",
    `${name}: line ${count + 1}: byte 0x${hex} is ${nul ? "not text" : "not UTF-8"}`,
    {
      hint: nul
        ? "it looks like a binary file; set data.format if it is npy or parquet"
        : "save the file as UTF-8, for example with: iconv -f latin1 -t utf-8 OLD > NEW",
    },
  );
}

/** The first byte that is not UTF-8, by halving: a prefix that ends within a character counts. */
function badAt(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const prefix = bytes.subarray(0, middle);
    if (isUtf8(prefix.subarray(0, characterEnd(prefix)))) good = middle;
    else bad = middle;
  }
  return characterEnd(bytes.subarray(0, good));
}

function refuseUtf16(bytes: Buffer, name: string): void {
  const little = bytes[0] === 0xff && bytes[1] === 0xfe;
  const big = bytes[0] === 0xfe && bytes[1] === 0xff;
  if (little || big)
    throw new RunError("not-utf8", `${name}: the text is UTF-16, expected UTF-8`, {
      hint: "save the file as UTF-8, for example with: iconv -f utf-16 -t utf-8 OLD > NEW",
    });
}
