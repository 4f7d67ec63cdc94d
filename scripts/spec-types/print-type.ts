import * as z from "zod";

/** As much of JSON Schema as options are written in. */
export interface Json {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Json[];
  readonly items?: Json;
  readonly prefixItems?: readonly Json[];
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Json;
  readonly minimum?: number;
  readonly maximum?: number;
}

const columnsMax = 96;
/** A choice of this length, before others of several lines, begins a line of its own. */
const unionMax = 60;

/** Options that only kofn itself writes. */
const internal = ["facts"];

/** Types of options that name a member of another family, by where they stand. */
export type Replacements = Readonly<Record<string, string>>;

export function jsonOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Json;
}

/** One property of an object type, with its doc, as TypeScript. */
export interface PropertyText {
  readonly name: string;
  readonly text: string;
}

/** The properties of an object type, each with its doc. */
export function propertyTexts(
  { properties = {}, required = [] }: Json,
  path: string,
  indent: string,
  replaced: Replacements,
): PropertyText[] {
  return Object.entries(properties)
    .filter(([name]) => !internal.includes(name))
    .map(([name, option]) => {
      const place = path === "" ? name : `${path}.${name}`;
      const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
      const mark = required.includes(name) ? "" : "?";
      const type = replaced[place] ?? typeText(option, place, indent, replaced);
      // As zod takes them: what is undefined is left out, under exactOptionalPropertyTypes too.
      const all = mark === "" ? type : `${type} | undefined`;
      const broken = brokenUnion(all, `${indent}readonly ${key}${mark}: `.length, indent);
      const line = `${indent}readonly ${key}${mark}: ${broken};`;
      return { name, text: [...docLines(docOf(option), indent), line].join("\n") };
    });
}

/** The same as lines of one text. */
export function propertyLines(...of: Parameters<typeof propertyTexts>): string[] {
  return propertyTexts(...of).map(({ text }) => text);
}

/** A comment of one line, or of several where it is long. */
export function docLines(text: string, indent: string): string[] {
  if (text === "") return [];
  const safe = text.replaceAll("*/", "* /");
  const single = `${indent}/** ${safe} */`;
  if (single.length <= columnsMax) return [single];
  const lines: string[] = [];
  let line = `${indent} *`;
  for (const word of safe.split(/\s+/)) {
    if (`${line} ${word}`.length > columnsMax) {
      lines.push(line);
      line = `${indent} *`;
    }
    line += ` ${word}`;
  }
  return [`${indent}/**`, ...lines, line, `${indent} */`];
}

function docOf({ description = "", default: usual, minimum, maximum }: Json): string {
  const sentence =
    description === "" ? "" : `${description[0]!.toUpperCase()}${description.slice(1)}.`;
  const isTold = (bound: number | undefined) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const limits = [
    isTold(minimum) ? `at least ${minimum}` : "",
    isTold(maximum) ? `at most ${maximum}` : "",
  ].filter((limit) => limit !== "");
  const range = limits.length === 0 ? "" : ` ${capital(limits.join(", "))}.`;
  const isShown = usual !== undefined && typeof usual !== "object";
  const fallback = isShown ? ` Default: ${spelled(usual)}.` : "";
  return `${sentence}${range}${fallback}`.trim();
}

/** Small numbers by their power of ten. */
function spelled(value: unknown): string {
  const isSmall = typeof value === "number" && value !== 0 && Math.abs(value) < 1e-3;
  return isSmall ? value.toExponential() : JSON.stringify(value);
}

function capital(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

function typeText(option: Json, path: string, indent: string, replaced: Replacements): string {
  if (option.anyOf !== undefined) {
    const choices = option.anyOf.map((choice) => typeText(choice, path, indent, replaced));
    const union = [...new Set(choices)];
    const isLong = union.some((one) => one.includes("\n")) && union[0]!.length > unionMax;
    if (isLong) return union.map((one) => `\n${indent}  | ${one}`).join("");
    return union.join(" | ");
  }
  if (option.const !== undefined) return JSON.stringify(option.const);
  if (option.enum !== undefined) return option.enum.map((one) => JSON.stringify(one)).join(" | ");
  const { type } = option;
  if (typeof type === "object")
    return type
      .map((one) => typeText({ ...option, type: one }, path, indent, replaced))
      .join(" | ");
  switch (type) {
    case "integer":
    case "number":
      return "number";
    case "boolean":
    case "string":
    case "null":
      return type;
    case "array":
      return arrayText(option, path, indent, replaced);
    case "object":
      return objectText(option, path, indent, replaced);
    default:
      return "unknown";
  }
}

function arrayText(
  { items, prefixItems }: Json,
  path: string,
  indent: string,
  replaced: Replacements,
): string {
  if (prefixItems !== undefined) {
    const types = prefixItems.map((one) => typeText(one, path, indent, replaced));
    return `readonly [${types.join(", ")}]`;
  }
  return `readonly (${typeText(items ?? {}, path, indent, replaced)})[]`;
}

function objectText(option: Json, path: string, indent: string, replaced: Replacements): string {
  const { properties, additionalProperties } = option;
  if (properties === undefined || Object.keys(properties).length === 0) {
    const values = typeof additionalProperties === "object" ? additionalProperties : {};
    return `Readonly<Record<string, ${typeText(values, path, indent, replaced)}>>`;
  }
  const lines = propertyLines(option, path, `${indent}  `, replaced);
  return `{\n${lines.join("\n")}\n${indent}}`;
}

/** A union on lines of its own, where it would not fit one. */
function brokenUnion(type: string, column: number, indent: string): string {
  if (type.includes("\n") || column + type.length < columnsMax) return type;
  return `\n${type
    .split(" | ")
    .map((one) => `${indent}  | ${one}`)
    .join("\n")}`;
}
