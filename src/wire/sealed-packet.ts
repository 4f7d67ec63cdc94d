import { createHash } from "node:crypto";
import { RunError } from "../core/errors.ts";
import { fromPacket, toPacket } from "./packet.ts";
import { reservedName } from "./safetensors.ts";

/** A sealed packet begins like this, behind the length of its header; then come 64 digits. */
const head = Buffer.from(`{"${reservedName}":{"sha256":"`);
const headAt = 8;
const digestAt = headAt + head.length;
const none = "0".repeat(64);

/**
 * A packet whose metadata begin with a SHA-256: of all its bytes, with zeros for the digits. It is
 * read by `fromPacket` like any other.
 */
export function toSealedPacket(value: object): Uint8Array<ArrayBuffer> {
  const bytes = toPacket(value, { sha256: none });
  bytes.set(Buffer.from(digestWithin(bytes)), digestAt);
  return bytes;
}

/** As `fromPacket`, the packet's own digest checked where it has one. */
export function fromSealedPacket<T>(bytes: Uint8Array, place: string): T {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (all.subarray(headAt, digestAt).equals(head)) {
    const told = all.toString("latin1", digestAt, digestAt + none.length);
    if (told !== digestWithin(bytes))
      throw new RunError("bad-packet", `${place}: its bytes are not those of its own SHA-256`);
  }
  return fromPacket<T>(bytes, place);
}

function digestWithin(bytes: Uint8Array): string {
  return createHash("sha256")
    .update(bytes.subarray(0, digestAt))
    .update(none)
    .update(bytes.subarray(digestAt + none.length))
    .digest("hex");
}
