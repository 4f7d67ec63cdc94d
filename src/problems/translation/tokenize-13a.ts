/**
 * The tokens that BLEU is counted in: those of mteval-v13a, as sacreBLEU's `13a` cuts them. Case
 * stays. Entities of HTML that stand for quotation marks, ampersands and brackets are resolved;
 * punctuation and symbols are tokens of their own, but for points and commas between digits.
 */
export function tokenize13a(line: string): string[] {
  let text = line.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (text.includes("&"))
    text = text
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">");
  const cut = ` ${text} `
    .replace(/([{-~[-` -&(-+:-@/])/gu, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/gu, "$1 $2 ");
  return cut.split(blanks).filter((token) => token !== "");
}

const separators = "\u001c-\u001f";

/** What Python's `split` takes for white space: other than JavaScript's. */
const blanks = new RegExp(`[\\t-\\r${separators}\\u0085\\u2028\\u2029\\p{Zs}]+`, "u");
