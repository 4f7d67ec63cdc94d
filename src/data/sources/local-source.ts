import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { access, open, readdir, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { messageOf, RunError } from "../../core/errors.ts";
import { nearest } from "../../core/text.ts";
import type { Source } from "./source.ts";

const chunkBytes = 1024 * 1024;
/** Of files that are smaller: each chunk is memory of its own, however little comes into it. */
const chunkBytesMin = 4096;

/** A file of this machine. Throws `RunError` naming what is there instead. */
export async function openLocal(path: string): Promise<Source> {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => refuse(path, cause));
  if (info.isDirectory())
    throw new RunError("not-a-file", `${path}: a directory, expected a data file`, {
      hint: `${await sample(path)}give the path of one file`,
    });
  if (!info.isFile())
    throw new RunError("not-a-file", `${path}: neither a file nor a directory, expected a file`, {
      hint: "pipes and devices cannot be read twice; save the data to a file first",
    });
  await access(path, constants.R_OK).catch((cause: NodeJS.ErrnoException) => refuse(path, cause));
  const highWaterMark = Math.min(chunkBytes, Math.max(chunkBytesMin, info.size + 1));
  const stream = () => createReadStream(path, { highWaterMark });
  return {
    name: path,
    sizeBytes: info.size,
    file: { path, passed: () => undefined },
    bytes: stream,
    async identity() {
      const hash = createHash("sha256");
      for await (const chunk of stream()) hash.update(chunk as Uint8Array);
      return hash.digest("hex");
    },
    range: (from, to) => readRange(path, from, to),
  };
}

async function readRange(path: string, from: number, to: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const bytes = new Uint8Array(to - from);
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at);
      if (bytesRead === 0)
        throw new RunError("truncated-file", `${path}: it ends before byte ${to}`, {
          hint: "the file changed while it was read, or was not written to its end",
        });
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function refuse(path: string, cause: NodeJS.ErrnoException): Promise<never> {
  if (cause.code === "ENOENT" || cause.code === "ENOTDIR")
    throw new RunError("no-such-file", `${path}: there is no such file`, {
      hint: `${await nearby(path)}paths are taken from ${resolve(".")}`,
      cause,
    });
  if (cause.code === "EACCES" || cause.code === "EPERM")
    throw new RunError("unreadable-file", `${path}: this user may not read it`, {
      hint: `allow it, for example with: chmod u+r ${JSON.stringify(path)}`,
      cause,
    });
  throw new RunError("unreadable-file", `${path}: ${messageOf(cause)}`, { cause });
}

async function nearby(path: string): Promise<string> {
  return nearest(basename(path), await names(dirname(path)));
}

async function sample(path: string): Promise<string> {
  const inside = (await names(path)).slice(0, 5);
  return inside.length === 0 ? "" : `it holds ${inside.join(", ")}; `;
}

/** For hints only: a folder that cannot be listed has none to give. */
async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch((): string[] => [])).sort();
}
