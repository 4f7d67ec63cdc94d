import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Numbers that must not be found anywhere, in every way that they are usually written. */
export interface Needle {
  readonly what: string;
  readonly forms: readonly Buffer[];
}

/** Bytes as doubles and singles, decimals to seven digits and more, and base64 of either. */
export function needle(what: string, value: number): Needle {
  const double = Buffer.from(Float64Array.of(value).buffer);
  const single = Buffer.from(Float32Array.of(value).buffer);
  const texts = [value.toPrecision(7), String(Math.fround(value)).slice(0, 9)];
  const base64 = [0, 1, 2].map((shift) =>
    // Characters that stand for whole bytes of the number, wherever it begins.
    Buffer.concat([Buffer.alloc(shift), double])
      .toString("base64")
      .slice(Math.ceil((shift * 8) / 6) + (shift === 0 ? 0 : 0), Math.floor(((shift + 8) * 8) / 6)),
  );
  return {
    what,
    forms: [double, single, ...[...texts, ...base64].map((text) => Buffer.from(text))],
  };
}

/** Zero and its like are everywhere and tell nothing. */
export function telling(value: number): boolean {
  return Math.abs(value) > 1e-6 && !Number.isInteger(value * 64);
}

export function found(needles: readonly Needle[], place: string, hay: Uint8Array): string[] {
  const bytes = Buffer.from(hay.buffer, hay.byteOffset, hay.byteLength);
  return needles
    .filter(({ forms }) => forms.some((form) => bytes.includes(form)))
    .map(({ what }) => `${what} is in ${place}`);
}

/** Every file below a folder. */
export function* filesBelow(folder: string): Generator<{ path: string; bytes: Buffer }> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    yield { path, bytes: readFileSync(path) };
  }
}
