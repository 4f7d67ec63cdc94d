import { join } from "node:path";
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

/**
 * Keys as paths that can be read, and read back: `/` makes folders, `a-z 0-9 _ - .` stay, every
 * other byte is `%XX` (capitals too, since some disks do not tell them apart, and a dot that leads,
 * so no segment is `..`). A file ends in `@`, so `a` and `a/b` can both exist; an empty segment is
 * `%`; a piece of a segment too long for one name ends in `~`.
 */
export function pathOfKey(key: string): string {
  const segments = key.split("/").map(escaped);
  return join(
    ...segments.flatMap((segment, i) => segmentPieces(segment, i === segments.length - 1)),
  );
}

/** What a folder's or file's name adds to the key of the folder it is in. */
export function keyOfName(before: string, name: string): { key: string; isFile: boolean } {
  const isFile = name.endsWith("@");
  const piece = name.replace(/[@~]$/, "");
  const text = piece === "%" ? "" : piece;
  return { key: `${before}${text}${isFile || name.endsWith("~") ? "" : "/"}`, isFile };
}

/** The key, once all the names on the way to it are put together. */
export function keyOfEscaped(joined: string): string | undefined {
  try {
    return decodeURIComponent(joined);
  } catch {
    // Some other program's file: no key of ours decodes badly.
    return undefined;
  }
}

/** A prefix of keys as a prefix of escaped keys, as far as it is whole segments. */
export function escapedFolderOf(prefix: string): string {
  return prefix
    .split("/")
    .slice(0, -1)
    .map((segment) => `${escaped(segment)}/`)
    .join("");
}

const pieceLengthMax = 200;

function escaped(segment: string): string {
  let text = "";
  for (const byte of Buffer.from(segment)) {
    const character = String.fromCharCode(byte);
    const stays = /[a-z0-9_-]/.test(character) || (character === "." && text !== "");
    text += stays ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

function segmentPieces(segment: string, isLast: boolean): string[] {
  const names: string[] = [];
  for (let at = 0; at < segment.length; at += pieceLengthMax)
    names.push(segment.slice(at, at + pieceLengthMax));
  if (names.length === 0) names.push("%");
  return names.map((name, i) => {
    if (i < names.length - 1) return `${name}~`;
    return isLast ? `${name}@` : name;
  });
}
