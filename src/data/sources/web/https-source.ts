import { createHash } from "node:crypto";
import { closeSync } from "node:fs";
import { RunError } from "../../../core/errors.ts";
import type { Source } from "../source.ts";
import {
  type Answer,
  changedFile,
  checkAddress,
  get,
  plainAddress,
  type ServerAccess,
  triesMax,
  unreadable,
} from "./requests.ts";
import { spool } from "./spool.ts";

/** Of a file that is read once into a temporary one. */
const spoolBytesMax = 64 * 2 ** 30;

/** What an opener knows of a file besides its address. */
export interface Known {
  /** As a person would name it. */
  readonly name?: string;
  /** Names its content for ever, where something else than the server says so. */
  readonly identity?: string;
  readonly access?: ServerAccess;
}

/**
 * A file of a web server, read by ranges. What the server says of its version is asked for with
 * every request, so that another one is an error and never a mixture. Where it tells no version,
 * no length, or takes no ranges, the file is read once into a temporary file, and named by its
 * digest. Throws `RunError`.
 */
export async function openHttps(address: string, known: Known = {}): Promise<Source> {
  checkAddress(address);
  const name = known.name ?? plainAddress(address);
  const first = await get(address, { range: "bytes=0-0" }, known.access);
  await first.cancel();
  const version = versionOf(first);
  const sizeBytes = sizeOf(first);
  if (first.status !== 206 || version === null || sizeBytes === null)
    return spooled(address, name, known);
  const identity = known.identity ?? `${plainAddress(address)} ${version} ${sizeBytes}`;
  const file: RemoteFile = { address, version, sizeBytes, access: known.access };
  return {
    name,
    sizeBytes,
    identity: async () => identity,
    bytes: () => inOnePiece(file, 0, sizeBytes),
    async range(from, to) {
      const bytes = new Uint8Array(Math.max(0, to - from));
      let at = 0;
      for await (const chunk of inOnePiece(file, from, to)) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return bytes;
    },
  };
}

interface RemoteFile {
  readonly address: string;
  readonly version: string;
  readonly sizeBytes: number;
  readonly access: ServerAccess | undefined;
}

/** The strongest that a server says of a version: an entity tag, else a time. */
function versionOf({ headers }: Answer): string | null {
  return headers.get("etag") ?? headers.get("last-modified");
}

/** Of all of it; null where nobody says. */
function sizeOf({ headers }: Answer): number | null {
  const total = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  return total === undefined ? null : Number(total);
}

/** Bytes of a range; where the connection breaks, a new one goes on behind what has come. */
async function* inOnePiece(file: RemoteFile, from: number, to: number): AsyncGenerator<Uint8Array> {
  const { address, access } = file;
  let at = from;
  for (let breaks = 0; at < to; breaks++) {
    const answer = await get(address, { range: `bytes=${at}-${to - 1}` }, access);
    await checkVersion(answer, file);
    const before = at;
    try {
      for await (const chunk of answer.body(to - at)) {
        at += chunk.length;
        yield chunk;
      }
    } catch (thrown) {
      if (thrown instanceof RunError) throw thrown;
    }
    if (at > before) breaks = 0;
    if (at < to && breaks === triesMax)
      throw unreadable(address, `it breaks off at byte ${at} of ${file.sizeBytes}`, "try again");
  }
}

/** Refuses a range of another version, and a server that gives ranges no longer. */
async function checkVersion(answer: Answer, file: RemoteFile): Promise<void> {
  const version = versionOf(answer);
  const size = sizeOf(answer);
  if (answer.status === 206 && version === file.version && size === file.sizeBytes) return;
  await answer.cancel();
  const was = `${file.version}, ${file.sizeBytes} bytes`;
  throw changedFile(
    file.address,
    `it changed while it was read: ${was} before, ${version ?? "no version"}, ${size ?? "?"} now`,
  );
}

/** Closes a temporary file when nobody can read it any more. */
const spools = new FinalizationRegistry<number>((file) => closeSync(file));

async function spooled(address: string, name: string, known: Known): Promise<Source> {
  const answer = await get(address, {}, known.access);
  const hash = createHash("sha256");
  const stated = answer.headers.get("content-length");
  const file = await spool(answer.body(spoolBytesMax), (chunk) => hash.update(chunk));
  if (stated !== null && Number(stated) !== file.sizeBytes)
    throw unreadable(address, `${file.sizeBytes} of ${stated} bytes came`, "try again");
  const digest = hash.digest("hex");
  const source: Source = {
    name,
    sizeBytes: file.sizeBytes,
    identity: async () => known.identity ?? digest,
    bytes: () => file.bytes(),
    range: (from, to) => file.range(from, to),
  };
  spools.register(source, file.descriptor);
  return source;
}
