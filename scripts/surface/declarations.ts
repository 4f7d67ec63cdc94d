import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

/** A module's declarations as `tsc` wrote them, taken apart. */
export interface DeclaredModule {
  /** By local name: a function has one for each of its overloads. */
  readonly declarations: ReadonlyMap<string, readonly string[]>;
  /** Names of other modules of the project, by local name. */
  readonly imports: ReadonlyMap<string, Named>;
  /** By exported name: a local name, or another module's. */
  readonly exports: ReadonlyMap<string, string | Named>;
}

export interface Named {
  /** Of the module, such as `src/core/errors`. */
  readonly module: string;
  readonly name: string;
}

/** The text of every declaration file below a folder, by module. */
export function readDeclarations(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return new Map(
    files
      .filter((file) => file.endsWith(".d.ts"))
      .sort()
      .map((file) => [file.slice(0, -".d.ts".length), readFileSync(join(folder, file), "utf8")]),
  );
}

/** Takes a declaration file apart; `module` is its own place, which its imports are relative to. */
export function parseDeclarations(text: string, module: string): DeclaredModule {
  const declarations = new Map<string, string[]>();
  const imports = new Map<string, Named>();
  const exports = new Map<string, string | Named>();
  for (const statement of statementsOf(text)) {
    const from = /\bfrom "([^"]+)";$/.exec(statement)?.[1];
    const list = /^(?:import|export)(?: type)? \{(.*)\}/s.exec(statement)?.[1];
    if (list !== undefined) {
      for (const { own, other } of namesIn(list)) {
        const there = from === undefined ? null : { module: placeOf(from, module), name: own };
        if (statement.startsWith("import")) {
          if (from?.startsWith(".")) imports.set(other, there!);
        } else exports.set(other, there ?? own);
      }
      continue;
    }
    const name = declared.exec(statement)?.[1];
    if (name === undefined) continue;
    if (/^export\b/.test(statement)) exports.set(name, name);
    declarations.set(name, [...(declarations.get(name) ?? []), withoutExport(statement)]);
  }
  return { declarations, imports, exports };
}

const declared =
  /^(?:export )?(?:declare )?(?:abstract )?(?:function|const|class|interface|type) ([\w$]+)/;

/** What is imported inline: `import("./x.ts").Name`. */
export function inlineImports(statement: string, module: string): Named[] {
  return [...statement.matchAll(/import\("(\.[^"]+)"\)\.([\w$]+)/g)].map(([, from, name]) => ({
    module: placeOf(from!, module),
    name: name!,
  }));
}

/** Every statement begins a line, and what it goes on with is indented or closes a bracket. */
function statementsOf(text: string): string[] {
  const found: string[] = [];
  for (const line of text.replace(/^\s*\/\*\*.*?\*\/\n/gms, "").split("\n")) {
    if (line.trim() === "" || line.startsWith("//")) continue;
    if (/^[\s})\]|&]/.test(line) && found.length > 0) found.push(`${found.pop()}\n${line}`);
    else found.push(line);
  }
  return found;
}

function namesIn(list: string): { own: string; other: string }[] {
  return list
    .split(",")
    .map((item) => item.trim().replace(/^type /, ""))
    .filter((item) => item !== "")
    .map((item) => {
      const [own, other = own] = item.split(" as ");
      return { own: own!, other: other! };
    });
}

function placeOf(from: string, module: string): string {
  if (!from.startsWith(".")) return from;
  return relative(".", normalize(join(dirname(module), from.replace(/\.(ts|js)$/, ""))));
}

function withoutExport(statement: string): string {
  return statement.replace(/^(export )?(declare )?/, "");
}
