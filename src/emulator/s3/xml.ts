import { XMLParser } from "fast-xml-parser";
import { S3Error } from "./s3-error.ts";

/** XML as nested records: text, a record of children, or a list of equal-named elements. */
export type XmlValue = string | number | boolean | XmlRecord | readonly XmlValue[] | undefined;

export interface XmlRecord {
  readonly [name: string]: XmlValue;
}

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

export function toXml(root: string, content: XmlRecord, inNamespace = true): string {
  const attribute = inNamespace ? ` xmlns="${namespace}"` : "";
  const body = children(content);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${body}</${root}>`;
}

/**
 * The root element's content as a plain object. Entities other than the five and character numbers
 * are not expanded and document types are refused, so small input stays small.
 */
export function fromXml(text: string, root: string): Record<string, unknown> {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw malformed();
  let parsed: unknown;
  try {
    parsed = parser.parse(text, true);
  } catch (cause) {
    throw malformed(cause);
  }
  const element = (parsed as Record<string, unknown> | undefined)?.[root];
  if (typeof element !== "object" || element === null || Array.isArray(element)) throw malformed();
  return element as Record<string, unknown>;
}

/** The texts of one element's child, unescaped; undefined where it is absent or not text. */
export function xmlTextOf(element: unknown, name: string): string | undefined {
  if (typeof element !== "object" || element === null || !Object.hasOwn(element, name))
    return undefined;
  const value = (element as Record<string, unknown>)[name];
  return typeof value === "string" ? unescaped(value) : undefined;
}

/** Children of one name, of those that may come more than once. */
export function listOf(element: unknown, name: "Part" | "Object" | "Tag"): readonly unknown[] {
  if (typeof element !== "object" || element === null) return [];
  const children = (element as Record<string, unknown>)[name];
  return Array.isArray(children) ? children : [];
}

export function malformed(cause?: unknown): S3Error {
  const message = "The XML you provided was not well-formed or did not validate.";
  return new S3Error(400, "MalformedXML", message, { cause });
}

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  isArray: (name) => name === "Part" || name === "Object" || name === "Tag",
});

function children(content: XmlRecord): string {
  return Object.entries(content)
    .map(([name, value]) => element(name, value))
    .join("");
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((item: XmlValue) => element(name, item)).join("");
  const inner = typeof value === "object" ? children(value as XmlRecord) : escaped(String(value));
  return `<${name}>${inner}</${name}>`;
}

function escaped(text: string): string {
  // Control characters cannot stand in XML 1.0; like S3 we number them and let clients complain.
  return text.replace(/[&<>"'\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}

const named: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function unescaped(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|[a-z]{2,4});/g, (whole, name: string) => {
    if (!name.startsWith("#")) return named[name] ?? whole;
    const hex = name.startsWith("#x");
    const code = Number.parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
