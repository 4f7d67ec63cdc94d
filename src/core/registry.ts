import * as z from "zod";
import { asOneError, RunError } from "./errors.ts";
import { asJson, nearest } from "./text.ts";

/**
 * One named member of a family. Names are promises: people write them into files. `examples` must
 * not be empty: docs and contract tests run over them.
 */
export interface Definition<Shape extends z.ZodRawShape = z.ZodRawShape, Product = unknown> {
  readonly name: string;
  /** Names that it had: still taken in specs, records and checkpoints, and written as `name`. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly reference?: string;
  /** Each option carries its doc (`.describe`), default and range. */
  readonly options: Shape;
  readonly examples: readonly object[];
  create(options: z.output<z.ZodObject<Shape>>): Product;
}

/** A family: its members by name, the way a spec's `{ type, ...options }` becomes a member. */
export interface Registry<Product> {
  readonly family: string;
  readonly members: readonly Definition<z.ZodRawShape, Product>[];
  /** Options with defaults filled in. Throws `RunError` naming the path and the nearest name. */
  resolve(config: { readonly type: string }, path: string): Chosen;
  /** The name by which a member is known now, where `type` is one that it had; else `type`. */
  nameOf(type: string): string;
  /** The member itself; `config` as `resolve` returned it (defaults are filled in again). */
  create(config: { readonly type: string }): Product;
  /** Adds a member to this process; returns how to take it away. Throws where its name is taken. */
  register(member: Definition<z.ZodRawShape, Product>): () => void;
  /** Whether a program registered the member of this name. */
  isOwn(type: string): boolean;
}

/** A member's name with its options, complete. Plain data. */
export type Chosen = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Gives the literal option types to `create` while the registry forgets them. */
export function define<Shape extends z.ZodRawShape, Product>(
  definition: Definition<Shape, Product>,
): Definition<z.ZodRawShape, Product> {
  return definition as unknown as Definition<z.ZodRawShape, Product>;
}

export function registry<Product>(
  family: string,
  ours: readonly Definition<z.ZodRawShape, Product>[],
): Registry<Product> {
  const members = [...ours];
  const byName = new Map(
    members.flatMap((member) =>
      [member.name, ...(member.aliases ?? [])].map((name) => [name, member] as const),
    ),
  );
  const find = (type: string, path: string) => {
    const member = byName.get(type);
    if (member !== undefined) return member;
    const choices = members.map(({ name }) => name);
    throw new RunError("unknown-name", `${path}: no ${family} is called "${type}"`, {
      hint: `${nearest(type, choices)}choose one of ${choices.join(", ")}`,
    });
  };
  const resolve = (config: { readonly type: string }, path: string): Chosen => {
    const { type, ...rest } = config;
    const member = find(type, path);
    const options = parseOptions(z.strictObject(member.options), rest, path);
    return { type: member.name, ...options };
  };
  return {
    family,
    members,
    resolve,
    nameOf: (type) => byName.get(type)?.name ?? type,
    create(config) {
      const { type, ...options } = resolve(config, family);
      return find(type, family).create(options as never);
    },
    register(member) {
      refuseMember(member, family, byName.has(member.name));
      members.push(member);
      byName.set(member.name, member);
      return () => {
        // A second time there is nothing of it to take away.
        const at = members.indexOf(member);
        if (at < 0) return;
        members.splice(at, 1);
        byName.delete(member.name);
      };
    },
    isOwn(type) {
      const member = byName.get(type);
      return member !== undefined && !ours.includes(member);
    },
  };
}

function refuseMember({ name, examples }: Definition, family: string, isTaken: boolean): void {
  const refuse = (what: string, hint: string) => {
    throw new RunError("bad-member", `${family} ${JSON.stringify(name)}: ${what}`, { hint });
  };
  if (isTaken) refuse("the name is taken", "choose another name; each is registered once");
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    refuse("no name for a spec", "use lower-case letters, digits and dashes");
  if (examples.length === 0)
    refuse("it has no examples", "give examples: [{}], or options that it needs");
}

/**
 * Checks `given` against `schema`. Throws one `RunError` that names the path, the value, what was
 * expected, and for an unknown key the nearest valid one.
 */
export function parseOptions<T>(schema: z.ZodType<T>, config: unknown, path: string): T {
  const outcome = schema.safeParse(config);
  if (outcome.success) return outcome.data;
  const { issues } = outcome.error;
  // What keys say together says nothing where some of them are not known.
  const isMisspelt = issues.some(({ code }) => code === "unrecognized_keys");
  const relevant = issues.filter(({ code }) => !isMisspelt || code !== "custom");
  throw asOneError(relevant.flatMap((issue) => errorsOf(issue, schema, config, path)));
}

/** What is wrong with a value, or with each of the keys that nobody knows. */
function errorsOf(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  config: unknown,
  path: string,
): RunError[] {
  const place = [path, ...issue.path].filter((part) => part !== "").join(".");
  if (issue.code === "unrecognized_keys") {
    const names = knownKeys(schema, issue.path, config);
    return issue.keys.map((key, i) => {
      const what = `${place === "" ? key : `${place}.${key}`}: unknown key`;
      const all = i === 0 ? `known keys: ${names.join(", ") || "none"}` : "";
      const hint = `${nearest(key, names)}${all}`.trim();
      return new RunError("unknown-key", what, { hint });
    });
  }
  const value = valueAt(config, issue.path);
  const what = `${place || "spec"}: ${expectation(issue.message)}, got ${asJson(value)}`;
  return [new RunError("bad-value", what, { hint: describe(schema, issue.path) })];
}

/** The value itself follows, so that its type need not be told as well. */
function expectation(message: string): string {
  return message.replace(/^Invalid (input|option): /, "").replace(/, received \w+$/, "");
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}

function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  let here: z.ZodType | undefined = schema;
  for (const key of path) {
    here = unwrapped(here);
    if (here instanceof z.ZodRecord) here = here.valueType as z.ZodType;
    else here = here instanceof z.ZodObject ? (here.shape[String(key)] as z.ZodType) : undefined;
    if (here === undefined) return undefined;
  }
  return here;
}

function unwrapped(schema: z.ZodType | undefined): z.ZodType | undefined {
  let here = schema;
  while (
    here instanceof z.ZodOptional ||
    here instanceof z.ZodDefault ||
    here instanceof z.ZodPrefault
  )
    here = here.unwrap() as z.ZodType;
  return here;
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[], config: unknown): string[] {
  const object = formFor(unwrapped(schemaAt(schema, path)), valueAt(config, path));
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

/** Of several forms the one whose `type` a value has. */
function formFor(schema: z.ZodType | undefined, value: unknown): z.ZodType | undefined {
  const forms = schema instanceof z.ZodPipe ? (schema.in as z.ZodType) : schema;
  if (!(forms instanceof z.ZodUnion)) return forms;
  const { type } = (value ?? {}) as { readonly type?: unknown };
  return (forms.options as readonly z.ZodType[]).find((form) => {
    const own = form instanceof z.ZodObject ? form.shape.type : undefined;
    return own instanceof z.ZodLiteral && own.values.has(type as never);
  });
}

function describe(schema: z.ZodType, path: readonly PropertyKey[]): string {
  const found = schemaAt(schema, path);
  const doc = found?.description;
  const form = formOf(found, path);
  if (doc === undefined) return form || "see docs/reference.md for what may stand here";
  return form === "" ? `it is ${doc}` : `it is ${doc}; ${form}`;
}

/** How a mapping is written; nothing for other values. */
function formOf(schema: z.ZodType | undefined, path: readonly PropertyKey[]): string {
  const object = unwrapped(schema);
  if (!(object instanceof z.ZodObject)) return "";
  const [first] = Object.entries(object.shape as z.ZodRawShape);
  const name = path.at(-1);
  if (first === undefined || name === undefined) return "";
  const [key, option] = first as [string, z.ZodType];
  const usual = option instanceof z.ZodDefault ? asJson(option.def.defaultValue) : "...";
  return `write it like ${String(name)}: { ${key}: ${usual} }`;
}
