import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { RunError } from "../../core/errors.ts";

/** X25519: whoever has the secret half of one pair and the public half of another has a key. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  /** A key of Node's. Its type is not named here: programs without Node's types read this. */
  readonly secretKey: object;
}

export const publicKeyBytes = 32;

/** The pair of a secret for one use; the same at every call, so that nothing need be kept. */
export function keyPairOf(secret: Uint8Array, use: string): KeyPair {
  const raw = createHmac("sha256", secret).update(use).digest();
  const secretKey = createPrivateKey({
    key: Buffer.concat([pkcs8Head, raw]),
    format: "der",
    type: "pkcs8",
  });
  const { x } = createPublicKey(secretKey).export({ format: "jwk" });
  return { publicKey: Buffer.from(x!, "base64url"), secretKey };
}

/** What stands before the 32 bytes of an X25519 key in PKCS #8 (RFC 8410). */
const pkcs8Head = Buffer.from("302e020100300506032b656e04220420", "hex");

/** What the owners of two pairs, and nobody else, know for one purpose: 32 bytes. */
export function pairSecret(own: KeyPair, other: Uint8Array, purpose: string): Uint8Array {
  const jwk = { kty: "OKP", crv: "X25519", x: Buffer.from(other).toString("base64url") };
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  const shared = diffieHellman({ privateKey: own.secretKey as KeyObject, publicKey });
  return new Uint8Array(hkdfSync("sha256", shared, new Uint8Array(0), purpose, 32));
}

export const sealBytes = 16;

/** A key seals one message in its life, so that no nonce is needed to tell messages apart. */
const nonce = Buffer.alloc(12);

/** Bytes that only whoever knows the key can read, or can have written. */
export function seal(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws `RunError` where the bytes were not sealed by that key, or were changed since. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce);
  decipher.setAuthTag(sealed.subarray(sealed.length - sealBytes));
  try {
    const plain = decipher.update(sealed.subarray(0, sealed.length - sealBytes));
    return Buffer.concat([plain, decipher.final()]);
  } catch (cause) {
    throw new RunError("bad-share", "a sealed share of a secure sum cannot be opened", {
      hint: "it was changed on its way, or the run's secrets were: start the run anew",
      cause,
    });
  }
}
