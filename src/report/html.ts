/** Markup that needs no more escaping. */
export interface Html {
  readonly markup: string;
}

type HtmlPart = Html | string | number | null | readonly Html[];

/** Builds markup; whatever is put in is escaped unless it is `Html` itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let markup = strings[0]!;
  parts.forEach((part, index) => {
    markup += markupOf(part) + strings[index + 1]!;
  });
  return { markup };
}

/** Markup of our own making that is taken as it is: the bundle, the style sheet, the data. */
export function verbatim(markup: string): Html {
  return { markup };
}

/**
 * JSON that can stand inside a script element: no `<` is left, so nothing in it ends the element
 * or begins a comment.
 */
export function jsonForScript(value: unknown): Html {
  return { markup: JSON.stringify(value).replaceAll("<", "\\u003c") };
}

function markupOf(part: HtmlPart): string {
  if (part === null) return "";
  if (typeof part === "number") return String(part);
  if (typeof part === "string") return escaped(part);
  return "markup" in part ? part.markup : part.map((one) => one.markup).join("");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
