import * as z from "zod";

/** One option as the reference shows it. */
export interface OptionRow {
  /** `stop.rounds` for an option within an option. */
  readonly name: string;
  readonly doc: string;
  /** What may stand there, in words. */
  readonly type: string;
  /** `required`, `none`, or the default as JSON. */
  readonly fallback: string;
}

/** Every option of a schema in its order, options within options after their own. */
export function optionRows(schema: z.ZodType, prefix = ""): OptionRow[] {
  const written = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Json;
  // Where what is written is converted (5% to 0.05), only the result's schema tells the default.
  const read = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" }) as Json;
  return rowsOf(written, read, prefix);
}

interface Json {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Json[];
  readonly items?: Json;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

function rowsOf(written: Json, read: Json, prefix: string): OptionRow[] {
  return Object.entries(written.properties ?? {}).flatMap(([name, given]) => {
    const path = prefix + name;
    const becomes = read.properties?.[name] ?? {};
    const option = { default: becomes.default, ...given };
    const inner = option.type === "object" ? rowsOf(option, becomes, `${path}.`) : [];
    const row = {
      name: path,
      doc: option.description ?? "",
      type: typeOf(option),
      fallback: fallbackOf(option, written.required?.includes(name) ?? false),
    };
    return [row, ...inner];
  });
}

function fallbackOf(option: Json, isRequired: boolean): string {
  if (isRequired) return "required";
  return option.default === undefined ? "none" : JSON.stringify(option.default);
}

function typeOf(option: Json): string {
  if (option.anyOf !== undefined)
    return [...new Set(option.anyOf.map((choice) => typeOf(choice)))].join(" or ");
  if (option.const !== undefined) return JSON.stringify(option.const);
  if (option.enum !== undefined) return option.enum.map((one) => JSON.stringify(one)).join(", ");
  if (typeof option.type === "object")
    return option.type.map((type) => typeOf({ type })).join(" or ");
  switch (option.type) {
    case "integer":
      return `whole number${rangeOf(option)}`;
    case "number":
      return `number${rangeOf(option)}`;
    case "boolean":
      return "true or false";
    case "string":
      return "text";
    case "array":
      return `list of ${typeOf(option.items ?? {})}`;
    case "object": {
      const keys = Object.keys(option.properties ?? {});
      return keys.length === 0 ? "mapping" : `{ ${keys.join(", ")} }`;
    }
    default:
      return "anything";
  }
}

/** A schema's whole numbers end at 2^53 unless it says otherwise: that is no range to tell. */
function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Json): string {
  const known = (bound: number | undefined) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
  const [least, most] = [known(minimum), known(maximum)];
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}`;
  const limits = [
    least === undefined ? "" : `at least ${least}`,
    exclusiveMinimum === undefined ? "" : `above ${exclusiveMinimum}`,
    most === undefined ? "" : `at most ${most}`,
    exclusiveMaximum === undefined ? "" : `below ${exclusiveMaximum}`,
  ].filter((limit) => limit !== "");
  return limits.length === 0 ? "" : `, ${limits.join(", ")}`;
}
