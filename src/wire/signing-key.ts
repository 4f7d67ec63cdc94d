import { hash } from "node:crypto";

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
const signingKeys = new Map<string, HmacKey>();
const signingKeysMax = 64;

export function signingKey(secret: string, scope: Scope): HmacKey {
  const name = `${scopeText(scope)}/${secret}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  const { date, region, service, end } = scope;
  const parts = [date, region, service, end];
  const first = hmacKey(Buffer.from(`AWS4${secret}`));
  const key = parts.reduce((last, part) => hmacKey(hmac(last, part)), first);
  if (signingKeys.size >= signingKeysMax) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}

/** A key of HMAC-SHA256 (RFC 2104) as both its digests begin with it; the second ends with one. */
export interface HmacKey {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

const blockBytes = 64;
const digestBytes = 32;

/** One call into Node for a digest, and nothing that its garbage collector has to end. */
export function hmac({ inner, outer }: HmacKey, text: string): Buffer {
  const bytes = Buffer.allocUnsafe(blockBytes + Buffer.byteLength(text));
  inner.copy(bytes);
  bytes.write(text, blockBytes);
  hash("sha256", bytes, "buffer").copy(outer, blockBytes);
  return hash("sha256", outer, "buffer");
}

function hmacKey(key: Buffer): HmacKey {
  const short = key.length > blockBytes ? hash("sha256", key, "buffer") : key;
  const inner = Buffer.alloc(blockBytes, 0x36);
  const outer = Buffer.alloc(blockBytes + digestBytes, 0x5c);
  for (const [i, byte] of short.entries()) {
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  return { inner, outer };
}

/** A text in what is signed: all but letters, digits, `-`, `.`, `_` and `~` by their bytes. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
