import { type Document, isAlias, LineCounter, parseDocument, visit } from "yaml";
import { messageOf, RunError } from "../core/errors.ts";

/** Values in one document, counted as often as aliases repeat them. */
const valuesMax = 100_000;

/**
 * The value of a YAML (hence also a JSON) text. Throws one `RunError` with line and column; keys
 * that stand twice, unknown tags, cycles and texts that blow up by aliases are refused.
 */
export function parseYaml(text: string, place: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const refuse = (what: string, offset: number, hint: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new RunError("bad-yaml", `${place}: line ${line}, column ${col}: ${what}`, { hint });
  };
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) refuse(inWords(problem), problem.pos[0], remedy(problem.code));
  refuseCycles(document, refuse);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new RunError("bad-yaml", `${place}: ${messageOf(cause)}`, {
      hint: "write the values out instead of repeating them by aliases",
      cause,
    });
  }
  if (countUpTo(value, valuesMax) > valuesMax)
    throw new RunError("bad-yaml", `${place}: it holds more than ${valuesMax} values`, {
      hint: "put data into a data file and name that by data.source",
    });
  return value;
}

function inWords({ code, message }: { code: string; message: string }): string {
  if (code === "DUPLICATE_KEY") return "the same key stands here a second time";
  const [first = ""] = message.split("\n");
  return first.charAt(0).toLowerCase() + first.slice(1);
}

function remedy(code: string): string {
  if (code === "DUPLICATE_KEY") return "keep one of the two";
  if (code === "TAB_AS_INDENT") return "indent with blanks instead of tabs";
  if (code === "TAG_RESOLVE_FAILED") return "leave the tag out, or quote the text";
  return "mend the YAML there: indentation, brackets and quotes must match";
}

/** A value within itself has no end. */
function refuseCycles(
  document: Document.Parsed,
  refuse: (what: string, offset: number, hint: string) => never,
): void {
  visit(document, {
    Alias(_key, alias, path) {
      const target = alias.resolve(document);
      const offset = alias.range?.[0] ?? 0;
      if (target === undefined)
        refuse(
          `nothing before is called &${alias.source}`,
          offset,
          "quote texts that begin with *",
        );
      if (path.some((above) => !isAlias(above) && above === target))
        refuse(`*${alias.source} stands within itself`, offset, "remove the alias");
    },
  });
}

function countUpTo(value: unknown, most: number): number {
  const open = [value];
  let count = 0;
  while (open.length > 0 && count <= most) {
    const next = open.pop();
    count++;
    if (typeof next === "object" && next !== null)
      for (const item of Object.values(next)) open.push(item);
  }
  return count;
}
