import {
  type DeclaredModule,
  inlineImports,
  type Named,
  parseDeclarations,
} from "./declarations.ts";

/**
 * The public surface: every name that an entry of the package exports, with its declaration, and
 * the project's own types that those speak of, all the way down. By heading, in order.
 */
export type Surface = ReadonlyMap<string, string>;

/** The surface of these entries (module by public name), from declarations by module. */
export function surfaceOf(
  entries: Readonly<Record<string, string>>,
  texts: ReadonlyMap<string, string>,
): Surface {
  const modules = new Map<string, DeclaredModule>();
  const moduleAt = (place: string): DeclaredModule | null => {
    const text = texts.get(place);
    if (text === undefined) return null;
    const known = modules.get(place) ?? parseDeclarations(text, place);
    modules.set(place, known);
    return known;
  };
  const surface = new Map<string, string>();
  const behind: Named[] = [];
  const seen = new Set<string>();
  for (const [entry, place] of Object.entries(entries)) {
    const names = [...(moduleAt(place)?.exports.keys() ?? [])].sort();
    for (const name of names) {
      const at = resolved({ module: place, name }, moduleAt);
      surface.set(`${entry}: ${name}`, textOf(at, moduleAt));
      seen.add(`${at.module} ${at.name}`);
      behind.push(...referred(at, moduleAt));
    }
  }
  const found = new Map<string, string[]>();
  for (let next = behind.pop(); next !== undefined; next = behind.pop()) {
    const at = resolved(next, moduleAt);
    const text = textOf(at, moduleAt);
    const place = `${at.module} ${at.name}`;
    if (seen.has(place) || text === "") continue;
    seen.add(place);
    // Where a type stands is nobody's business: moving it changes nothing.
    found.set(at.name, [...(found.get(at.name) ?? []), text].sort());
    behind.push(...referred(at, moduleAt));
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map([
    ...surface,
    ...sorted.map(([name, texts]) => [`behind: ${name}`, texts.join("\n")] as const),
  ]);
}

type ModuleAt = (place: string) => DeclaredModule | null;

/** Where a name is declared, through as many modules as hand it on. */
function resolved(named: Named, moduleAt: ModuleAt): Named {
  const module = moduleAt(named.module);
  const exported = module?.exports.get(named.name) ?? module?.imports.get(named.name);
  if (exported === undefined) return named;
  if (typeof exported !== "string") return resolved(exported, moduleAt);
  const imported = module?.imports.get(exported);
  if (imported !== undefined) return resolved(imported, moduleAt);
  return { module: named.module, name: exported };
}

function textOf({ module, name }: Named, moduleAt: ModuleAt): string {
  return moduleAt(module)?.declarations.get(name)?.join("\n") ?? "";
}

/** What a declaration speaks of: other names of its module, and names that this imports. */
function referred(at: Named, moduleAt: ModuleAt): Named[] {
  const module = moduleAt(at.module);
  const text = textOf(at, moduleAt);
  const words = new Set(text.match(/[\w$]+/g) ?? []);
  words.delete(at.name);
  const own = [...words].filter((word) => module?.declarations.has(word));
  const others = [...words].flatMap((word) => module?.imports.get(word) ?? []);
  return [
    ...own.map((name) => ({ module: at.module, name })),
    ...others,
    ...inlineImports(text, at.module),
  ];
}

/** As text: a heading in front of every declaration. */
export function writeSurface(surface: Surface): string {
  return [...surface].map(([heading, text]) => `## ${heading}\n${text}\n`).join("\n");
}

export function readSurface(text: string): Surface {
  const sections = text.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf("\n");
      return [section.slice(0, end), section.slice(end + 1).trimEnd()];
    }),
  );
}

/** What is listed and gone, new and not listed, or other than listed; in words. */
export function surfaceChanges(listed: Surface, now: Surface): string[] {
  const all = new Set([...listed.keys(), ...now.keys()]);
  return [...all].flatMap((heading) => {
    const [before, after] = [listed.get(heading), now.get(heading)];
    if (before === after) return [];
    if (after === undefined) return [`${heading} is gone`];
    if (before === undefined) return [`${heading} is new:\n${after}`];
    return [`${heading} was\n${before}\nand is\n${after}`];
  });
}
