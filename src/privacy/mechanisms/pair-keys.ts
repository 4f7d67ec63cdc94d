import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from "node:crypto";
import { RunError } from "../../core/errors.ts";

/** An X25519 key pair as raw bytes: the private half can be shared out, the public half told. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export function newKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync("x25519");
  const { x, d } = privateKey.export({ format: "jwk" });
  return { publicKey: fromBase64(x!), privateKey: fromBase64(d!) };
}

/** What two parties, and nobody else, know for one purpose: 32 bytes. */
export function pairSecret(own: KeyPair, other: Uint8Array, purpose: string): Uint8Array {
  const jwk = { kty: "OKP", crv: "X25519", x: toBase64(own.publicKey) };
  const privateKey = createPrivateKey({
    key: { ...jwk, d: toBase64(own.privateKey) },
    format: "jwk",
  });
  const publicKey = createPublicKey({ key: { ...jwk, x: toBase64(other) }, format: "jwk" });
  const shared = diffieHellman({ privateKey, publicKey });
  return new Uint8Array(hkdfSync("sha256", shared, new Uint8Array(0), purpose, 32));
}

const nonceBytes = 12;
const tagBytes = 16;

/** Bytes that only whoever knows the secret can read, or can have written. */
export function seal(secret: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", secret, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws `RunError` where the bytes were not sealed by that secret, or were changed since. */
export function unseal(secret: Uint8Array, sealed: Uint8Array): Uint8Array {
  const refuse = (cause?: unknown) =>
    new RunError("bad-share", "a sealed share cannot be opened", {
      hint: "it was changed on its way, or is of another session; begin the sum anew",
      cause,
    });
  if (sealed.length < nonceBytes + tagBytes) throw refuse();
  const decipher = createDecipheriv("aes-256-gcm", secret, sealed.subarray(0, nonceBytes));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const body = sealed.subarray(nonceBytes, sealed.length - tagBytes);
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (cause) {
    throw refuse(cause);
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64url");
}
