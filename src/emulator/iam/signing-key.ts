import { createHmac, createSecretKey, type KeyObject } from "node:crypto";

export interface Scope {
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** `aws4_request`. */
  readonly end: string;
}

export function scopeText({ date, region, service, end }: Scope): string {
  return [date, region, service, end].join("/");
}

/** Of those who asked last: a day's key is made of four digests, each by a key of its own. */
const signingKeys = new Map<string, KeyObject>();
const signingKeysMax = 64;

export function signingKey(secret: string, scope: Scope): KeyObject {
  const name = `${scopeText(scope)}/${secret}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  const { date, region, service, end } = scope;
  const parts = [date, region, service, end];
  const key = createSecretKey(parts.reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`)));
  if (signingKeys.size >= signingKeysMax) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}

export function hmac(key: Buffer | KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
