/*
 * Pages that show commands and what they print: a fenced block of `console` has lines that begin
 * with `$ `, each followed by its output. A line of three dots stands for any lines, and an
 * ellipsis within a line for any text, where what is printed hangs on the machine or on chance. A
 * fenced block whose info has a name in brackets is a file that the reader writes.
 */

/** What a page asks its reader to do, in order. */
export type PageStep =
  | { readonly kind: "file"; readonly name: string; readonly text: string }
  | { readonly kind: "command"; readonly command: string; readonly shown: PageLines };

/** Lines of a page, and where they are. */
export interface PageLines {
  readonly lines: readonly string[];
  /** Of the first of them, from 0. */
  readonly at: number;
}

/** The files and commands of a page. */
export function stepsOf(page: string): PageStep[] {
  const steps: PageStep[] = [];
  const lines = page.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\w+)?\s*(?:\[(.+)\])?$/.exec(lines[at]!);
    if (fence === null) continue;
    const end = lines.indexOf("```", at + 1);
    const [, language, name] = fence;
    const body = lines.slice(at + 1, end);
    if (name !== undefined) steps.push({ kind: "file", name, text: `${body.join("\n")}\n` });
    else if (language === "console") steps.push(...commandsOf(body, at + 1));
    at = end;
  }
  return steps;
}

function commandsOf(body: readonly string[], first: number): PageStep[] {
  const starts = [...body.keys()].filter((i) => body[i]!.startsWith("$ "));
  return starts.map((start, number) => {
    // A command goes on in the next line where it ends with a backslash.
    let last = start;
    while (body[last]!.endsWith("\\")) last++;
    const written = body.slice(start, last + 1).join("\n");
    const command = written.slice(2).replace(/\\\n\s*/g, "");
    const shown = body.slice(last + 1, starts[number + 1] ?? body.length);
    return { kind: "command", command, shown: { lines: shown, at: first + last + 1 } };
  });
}

/** Where what a page shows is not what was printed: null, or the first line that differs. */
export function difference(shown: readonly string[], printed: readonly string[]): string | null {
  const [want, have] = [trimmedEnd(shown), trimmedEnd(printed)];
  if (matches(want, have)) return null;
  const at = want.findIndex((line, i) => line === "..." || !lineMatches(line, have[i] ?? ""));
  const place = at === -1 ? want.length : at;
  return `shown: ${want[place] ?? "nothing more"}\nprinted: ${have[place] ?? "nothing more"}`;
}

function matches(want: readonly string[], have: readonly string[]): boolean {
  const [first, ...rest] = want;
  if (first === undefined) return have.length === 0;
  if (first === "...")
    return have.some((_, i) => matches(rest, have.slice(i))) || rest.length === 0;
  return have.length > 0 && lineMatches(first, have[0]!) && matches(rest, have.slice(1));
}

function lineMatches(want: string, have: string): boolean {
  const parts = want.trimEnd().split("…").map(escaped);
  return new RegExp(`^${parts.join(".*")}$`).test(have.trimEnd());
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function trimmedEnd(lines: readonly string[]): string[] {
  const kept = lines.map((line) => line.trimEnd());
  while (kept.at(-1) === "") kept.pop();
  return kept;
}

/** Whether a page leaves some of what is printed to the machine or to chance. */
export function isElided(shown: readonly string[]): boolean {
  return shown.some((line) => line === "..." || line.replace("… from Enter", "").includes("…"));
}

/** A page whose transcripts are what was printed; those with dots in them stay as they are. */
export function withPrinted(
  page: string,
  printed: readonly { readonly shown: PageLines; readonly lines: readonly string[] }[],
): string {
  const lines = page.split("\n");
  // From the end, so that places before stay where they are.
  for (const { shown, lines: now } of [...printed].sort((a, b) => b.shown.at - a.shown.at)) {
    if (!isElided(shown.lines)) lines.splice(shown.at, shown.lines.length, ...trimmedEnd(now));
  }
  return lines.join("\n");
}
