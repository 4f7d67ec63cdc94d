import { getHashes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as zlib from "node:zlib";
import { type Node, SyntaxKind } from "typescript/unstable/ast";
import * as z from "zod";
import type { broken, Promises } from "../../scripts/goldens/promises.ts";
import { nodes, parseAll, type SourceTexts } from "../style/source-tree.ts";

/** A promised name to be changed in the source. */
export interface PlantedName {
  readonly kind: keyof typeof broken;
  /** As it stands in the source. */
  readonly name: string;
  /** The promise that names it, of this golden. */
  readonly entry: string;
  readonly golden: string;
}

export interface Planted extends PlantedName {
  /** The changed files. */
  readonly changed: SourceTexts;
}

/** What goldens ask for; no name of theirs is changed. */
const specs = ["scripts/goldens/specs.ts", "scripts/bits/data.ts"];
/** Where the layout of stores is written. */
const layoutPath = "src/store-layout.ts";

/** Every promise whose name can be changed by its text alone, with the first golden that has it. */
export function plantsFor(promised: Promises, texts: SourceTexts): PlantedName[] {
  const strange = strangeNames(texts);
  const source = Object.values(texts).join("\n");
  const { [layoutPath]: _, ...others } = texts;
  const named = Object.values(others).join("\n");
  const found = new Map<string, PlantedName>();
  for (const [golden, of] of Object.entries(promised.goldens))
    for (const kind of ["state", "tasks", "replies", "taskNames", "keys"] as const)
      for (const entry of of[kind]) {
        const name = nameIn(kind, entry);
        if (name === null || found.has(`${kind} ${name}`)) continue;
        if (kind === "taskNames" && !new RegExp(`\\}/${name}[/$]`).test(named)) continue;
        if (!changes(kind, name, source, texts, strange)) continue;
        found.set(`${kind} ${name}`, { kind, name, entry, golden });
      }
  return [...found.values()];
}

/** What of a promise is a name: a field, an operation, a part of a task's name or of a key. */
function nameIn(kind: PlantedName["kind"], entry: string): string | null {
  if (kind === "taskNames") return /\/([a-z]{4,})\//.exec(entry)?.[1] ?? null;
  if (kind === "keys") return /^runs\/RUN\/([a-z]+(\.[a-z]+)?)/.exec(entry)?.[1] ?? null;
  const words = entry.split(" ");
  // What a tensor's numbers are follows its name.
  const field = kind === "state" ? words[0]! : words[1]!;
  if (field === "operation") return words[0]!;
  return /(\w+)(\[\])*$/.exec(field)?.[1] ?? null;
}

function changes(
  kind: PlantedName["kind"],
  name: string,
  source: string,
  texts: SourceTexts,
  strange: ReadonlySet<string>,
): boolean {
  if (kind === "keys") return texts[layoutPath]!.includes(`)}${name}`);
  if (kind === "taskNames") return true;
  if (/^\d/.test(name)) return false;
  if (!/^[a-z]\w*$/i.test(name)) return source.includes(`"${name}"`) && !strange.has(name);
  // A name that is a text as well, as operations are, would have to be changed there too.
  if (kind !== "tasks" && source.includes(`"${name}"`)) return false;
  return name.length > 3 && !strange.has(name) && new RegExp(`\\b${name}\\b`).test(source);
}

/** Names that are not the source's alone: of the language, of libraries, and of what specs say. */
function strangeNames(texts: SourceTexts): ReadonlySet<string> {
  const values = [Object, Array, Map, Set, Promise, String, Number, RegExp, Date, Error, Symbol];
  const more = [Uint8Array, Float64Array, ArrayBuffer, Buffer, URL, TextDecoder, AbortController];
  const instances = [...values, ...more].flatMap((one) => [one, one.prototype as object]);
  const things: object[] = [globalThis, Math, JSON, Reflect, process, fs, path, zlib, z];
  for (const thing of [...instances, ...things]) things.push(...prototypesOf(thing));
  for (const schema of [z.string(), z.number(), z.strictObject({}), z.union([z.string()])])
    things.push(schema, ...prototypesOf(schema));
  const asked = specs.map((name) => texts[name]!);
  const names = fs.readFileSync(path.join(import.meta.dirname, "names.json"), "utf8");
  return new Set([
    ...things.flatMap((thing) => Object.getOwnPropertyNames(thing)),
    ...[...asked, names].join(" ").match(/[\w-]+/g)!,
    ..."import export from type of as get set is new this with async await static".split(" "),
    // The list's own, which the copy prints, and the names of its runs.
    // Algorithms of digests, and fields of a network's model.
    ...getHashes(),
    ..."inputs outputs".split(" "),
    ..."strategy stateVersion state tasks replies taskNames keys whole part".split(" "),
  ]);
}

function prototypesOf(thing: object): object[] {
  const next = Object.getPrototypeOf(thing) as object | null;
  return next === null ? [] : [next, ...prototypesOf(next)];
}

/** The files that hold the name, with another in its place. */
export function plantedIn({ kind, name }: PlantedName, texts: SourceTexts): SourceTexts {
  const other = name.replace(/^[\w-]+/, "$&Planted");
  if (kind === "keys")
    return { [layoutPath]: texts[layoutPath]!.replaceAll(`)}${name}`, `)}${other}`) };
  const holding = Object.fromEntries(
    Object.entries(texts).filter(([file, text]) => isHolder(kind, file) && text.includes(name)),
  );
  const changed: Record<string, string> = {};
  for (const [file, tree] of parseAll(holding)) {
    const places = [...nodes(tree)].filter((node) => isPlace(kind, name, node));
    let text = holding[file]!;
    for (const node of places.sort((a, b) => b.end - a.end)) {
      const start = node.getStart(tree);
      const before = text.slice(start, node.end);
      text = text.slice(0, start) + before.replace(name, other) + text.slice(node.end);
    }
    if (text !== holding[file]) changed[file] = text;
  }
  return changed;
}

/** Keys of stores may have a part of the same name as tasks; specs are as they are. */
function isHolder(kind: PlantedName["kind"], file: string): boolean {
  return !specs.includes(file) && (kind !== "taskNames" || file !== layoutPath);
}

/** What follows a request's number. */
const templates = new Set([SyntaxKind.TemplateMiddle, SyntaxKind.TemplateTail]);

function isPlace(kind: PlantedName["kind"], name: string, node: Node): boolean {
  const { text } = node as unknown as { readonly text?: string };
  if (kind === "taskNames")
    return templates.has(node.kind) && new RegExp(`^/${name}(/|$)`).test(text ?? "");
  if (text !== name) return false;
  const isOperation = kind === "tasks";
  return (
    node.kind === SyntaxKind.Identifier || (isOperation && node.kind === SyntaxKind.StringLiteral)
  );
}
