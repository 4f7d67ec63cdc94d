import { createHash } from "node:crypto";
import { RunError } from "../core/errors.ts";
import type { Store } from "../ports/store.ts";
import { newSecret, secretBytes } from "../privacy/mechanisms/secret-draws.ts";
import { type NoiseOwner, nodeSecretKey } from "../store-layout.ts";

/**
 * A node's secret: from the operating system, drawn while a request is answered and never before,
 * as a memory image may be started many times. Put where none is yet: whoever comes second, a clone
 * or a retry, takes the first one's.
 */
export async function nodeSecret(store: Store, run: string, node: NoiseOwner): Promise<Uint8Array> {
  const key = nodeSecretKey(run, node);
  const known = await store.read(key);
  if (known !== null) return checked(known, key);
  const drawn = newSecret();
  if (await store.writeOnce(key, Buffer.concat([drawn, digestOf(drawn)]))) return drawn;
  const first = await store.read(key);
  if (first !== null) return checked(first, key);
  throw new RunError("no-secret", `${key}: it is there, and cannot be read`, {
    hint: "let the node read and write below its own prefix",
  });
}

/** The secret of a node that has told its public key: another one would be of no use. */
export async function keptSecret(store: Store, run: string, node: NoiseOwner): Promise<Uint8Array> {
  const key = nodeSecretKey(run, node);
  const bytes = await store.read(key);
  if (bytes !== null) return checked(bytes, key);
  throw new RunError("no-secret", `${key}: it is gone, and with it what others sealed for it`, {
    hint: "start the run anew",
  });
}

function digestOf(secret: Uint8Array): Buffer {
  return createHash("sha256").update(secret).digest();
}

function checked(bytes: Uint8Array, key: string): Uint8Array {
  // One that an earlier version drew has no digest behind it.
  if (bytes.length === secretBytes) return bytes;
  const secret = bytes.subarray(0, secretBytes);
  if (digestOf(secret).equals(bytes.subarray(secretBytes))) return secret;
  throw new RunError("bad-secret", `${key}: it is no node's secret`, {
    hint: "start the run anew: without its secrets, noise would not be what it was",
  });
}
