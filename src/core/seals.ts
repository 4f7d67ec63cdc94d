import { hash } from "node:crypto";

/** Ends a sealed JSON mapping: its last field is the SHA-256 of the text without that field. */
const sealPattern = /,"sha256":"([0-9a-f]{64})"\}$/;
const sealLength = ',"sha256":""}'.length + 64;

/** A stored mapping's text, and whether the digest in it is right. */
export interface Unsealed {
  /** As it was before it was sealed. */
  readonly text: string;
  /** SHA-256 of `text`, hexadecimal. */
  readonly sha256: string;
  /** `none`: of a kofn that sealed nothing yet. */
  readonly seal: "right" | "wrong" | "none";
}

/** The bytes of a mapping's JSON, with a last field that tells damage from the object itself. */
export function sealedJson(text: string): Uint8Array<ArrayBuffer> {
  const sealed = `${text.slice(0, text.lastIndexOf("}"))},"sha256":"${hash("sha256", text)}"}`;
  return new TextEncoder().encode(sealed);
}

/** The text in a stored object, sealed or not. */
export function unsealedJson(bytes: Uint8Array): Unsealed {
  const stored = new TextDecoder().decode(bytes);
  const told = sealPattern.exec(stored.slice(-sealLength))?.[1];
  const text = told === undefined ? stored : `${stored.slice(0, -sealLength)}}`;
  const sha256 = hash("sha256", text);
  return { text, sha256, seal: told === undefined ? "none" : told === sha256 ? "right" : "wrong" };
}
