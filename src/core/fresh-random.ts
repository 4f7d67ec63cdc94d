import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/**
 * Random bytes that no two processes share, even where both were resumed from one image of a
 * process's memory: from the kernel at every call, which such a machine seeds anew
 * (https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html), on top of what this
 * process's own generator gives. `crypto.randomUUID` alone keeps ids in memory, ready for use: two
 * clones would give out the same ones.
 */
export function freshBytes(count: number): Uint8Array {
  const bytes = Uint8Array.from(randomBytes(count));
  const kernel = kernelBytes(count);
  for (let i = 0; i < count; i++) bytes[i]! ^= kernel[i]!;
  return bytes;
}

/** A name that nobody else gives anything: 128 bits in hexadecimal digits. */
export function freshId(): string {
  return Buffer.from(freshBytes(16)).toString("hex");
}

const source = "/dev/urandom";

function kernelBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  // Windows has no such file, and resumes no function's memory.
  if (process.platform === "win32") return bytes;
  const file = openSync(source, "r");
  try {
    for (let at = 0; at < count; ) at += readSync(file, bytes, at, count - at, null);
  } finally {
    closeSync(file);
  }
  return bytes;
}
