import { assert } from "../../core/errors.ts";
import type { SecretBits } from "./secret-draws.ts";

/** A point of a secret's polynomial; that many of them tell it, one fewer tell nothing. */
export interface SecretShare {
  /** The party's place, from 1. */
  readonly at: number;
  readonly value: bigint;
}

/** 2^521 - 1: a prime above every secret of 64 bytes. */
const prime = (1n << 521n) - 1n;

/** Splits a secret of up to 64 bytes so that any `threshold` of `count` shares give it back. */
export function split(
  secret: Uint8Array,
  { threshold, count }: { readonly threshold: number; readonly count: number },
  bits: SecretBits,
): readonly SecretShare[] {
  assert(secret.length <= 64 && threshold >= 1 && threshold <= count, "a secret can be shared");
  const coefficients = [fromBytes(secret)];
  for (let i = 1; i < threshold; i++) coefficients.push(uniform(bits));
  return Array.from({ length: count }, (_, i) => {
    const at = BigInt(i + 1);
    let value = 0n;
    for (let k = coefficients.length - 1; k >= 0; k--)
      value = (value * at + coefficients[k]!) % prime;
    return { at: i + 1, value };
  });
}

/** The secret, of that many bytes, by Lagrange's interpolation at 0. */
export function join(shares: readonly SecretShare[], bytes: number): Uint8Array {
  let secret = 0n;
  for (const { at, value } of shares) {
    let above = 1n;
    let below = 1n;
    for (const other of shares) {
      if (other.at === at) continue;
      above = (above * BigInt(other.at)) % prime;
      below = (below * BigInt(other.at - at)) % prime;
    }
    secret = (secret + value * above * inverse((below + prime) % prime)) % prime;
  }
  return toBytes(secret, bytes);
}

/** By Fermat: x^(p - 2). */
function inverse(x: bigint): bigint {
  let result = 1n;
  let base = x;
  for (let exponent = prime - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * base) % prime;
    base = (base * base) % prime;
  }
  return result;
}

/** Uniform below the prime, which is all 521-bit numbers but one. */
function uniform(bits: SecretBits): bigint {
  for (;;) {
    let value = BigInt(bits.word() & 0x1ff);
    for (let i = 0; i < 16; i++) value = (value << 32n) | BigInt(bits.word());
    if (value < prime) return value;
  }
}

function fromBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function toBytes(value: bigint, length: number): Uint8Array {
  assert(value >> BigInt(8 * length) === 0n, "shares of one secret were joined, enough of them");
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
