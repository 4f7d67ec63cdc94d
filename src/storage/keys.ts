import { RunError } from "../core/errors.ts";

const keyBytesMax = 1024;

/** Every store takes the keys S3 takes: 1 to 1,024 bytes of UTF-8. Throws `RunError("bad-key")`. */
export function checkKey(key: string): void {
  const wrong =
    key === ""
      ? "it is empty"
      : !key.isWellFormed()
        ? "it is not well-formed Unicode"
        : Buffer.byteLength(key) > keyBytesMax
          ? `it has ${Buffer.byteLength(key)} bytes`
          : undefined;
  if (wrong === undefined) return;
  throw new RunError("bad-key", `object key ${JSON.stringify(key.slice(0, 80))}: ${wrong}`, {
    hint: `a key has 1 to ${keyBytesMax} bytes of UTF-8`,
  });
}
