import type { ReadOptions } from "./table.ts";

/** What fields are set apart by while they are scanned, where a file uses no single byte. */
const unitSeparator = "\x1f";

const blank = 0x20;
const tab = 0x09;
const quote = 0x22;
const colon = 0x3a;
const newline = 0x0a;
const carriageReturn = 0x0d;

/** How a file's text becomes text that the scanner takes. */
export interface CsvText {
  /** The byte between fields; `auto` where the rows are to say it. */
  readonly delimiter: string;
  /** The scanner takes it as it is. */
  readonly isPlain: boolean;
  /** The text with fields set apart by it, and lines ended by newlines; the same lines. */
  rewrite(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
}

type Separator = "byte" | "whitespace" | "::";

/**
 * Looks at a file's first bytes for what is no plain CSV: fields set apart by blanks or `::`, lines
 * that end in a carriage return alone, and a first line `sep=;` as Excel writes it.
 */
export function csvTextOf(
  head: Buffer,
  { delimiter }: ReadOptions,
  isDelimited: (text: string) => boolean,
): CsvText {
  const start = head.subarray(0, 65_536);
  const text = start.toString("utf8");
  const isOldMac = !start.includes(newline) && text.replace(/"[^"]*"/g, "").includes("\r");
  const [named = "", sign] = /^sep=([^\r\n])(?=[\r\n])/.exec(text) ?? [];
  const lines = isOldMac ? text.replaceAll("\r", "\n") : text;
  const separator = separatorOf(lines, sign ?? delimiter, isDelimited);
  const own = delimiter === "auto" ? (sign ?? "auto") : delimiter;
  if (separator === "byte" && !isOldMac && named === "")
    return { delimiter: own, isPlain: true, rewrite: (chunks) => chunks };
  return {
    delimiter: separator === "byte" ? own : unitSeparator,
    isPlain: false,
    rewrite: (chunks) => rewritten(chunks, { separator, isOldMac, skip: named.length }),
  };
}

function separatorOf(
  text: string,
  delimiter: string,
  isDelimited: (text: string) => boolean,
): Separator {
  if (delimiter === "whitespace" || delimiter === "::") return delimiter;
  if (delimiter !== "auto" || isDelimited(text)) return "byte";
  const lines = text
    .split("\n")
    .slice(0, 20)
    .filter((line) => line.trim() !== "");
  for (const separator of ["::", "whitespace"] as const) {
    const split = separator === "::" ? "::" : /\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/;
    if (areEven(lines.map((line) => line.trim().split(split).length))) return separator;
  }
  return "byte";
}

/** Whether rows have as many fields each, but that the names may leave out one, as R's do. */
export function areEven([first = 0, ...others]: readonly number[]): boolean {
  const [width = first] = others;
  if (width < 2 || others.some((one) => one !== width)) return false;
  return first === width || (first === width - 1 && first > 1 && others.length > 1);
}

interface Rewriting {
  readonly separator: Separator;
  readonly isOldMac: boolean;
  /** Bytes of the first line that say something of the file. */
  readonly skip: number;
}

async function* rewritten(
  chunks: AsyncIterable<Buffer>,
  { separator, isOldMac, skip }: Rewriting,
): AsyncGenerator<Buffer> {
  const rewrite =
    separator === "whitespace" ? blanksRewriter() : separator === "::" ? colonsRewriter() : null;
  let left = skip;
  for await (const chunk of chunks) {
    const passed = Math.min(left, chunk.length);
    left -= passed;
    const bytes = Buffer.from(chunk.subarray(passed));
    if (isOldMac)
      for (let at = 0; at < bytes.length; at++)
        if (bytes[at] === carriageReturn) bytes[at] = newline;
    yield rewrite === null ? bytes : rewrite(bytes);
  }
  const rest = rewrite?.(Buffer.alloc(0), true) ?? Buffer.alloc(0);
  if (rest.length > 0) yield rest;
}

type Rewriter = (bytes: Buffer, isEnd?: boolean) => Buffer;

/** Runs of blanks between fields become one separator, those around a row nothing. */
function blanksRewriter(): Rewriter {
  let [isRowStart, isFieldStart, isInQuotes, isPending, hasClosed] = [
    true,
    true,
    false,
    false,
    false,
  ];
  return (bytes) => {
    const out = Buffer.allocUnsafe(bytes.length + 1);
    let to = 0;
    for (const byte of bytes) {
      if (isInQuotes) {
        isInQuotes = byte !== quote;
        hasClosed = byte === quote;
        out[to++] = byte;
        continue;
      }
      if (byte === blank || byte === tab || byte === carriageReturn) {
        isPending = true;
        continue;
      }
      if (isPending && !isRowStart && byte !== newline) {
        out[to++] = unitSeparator.charCodeAt(0);
        isFieldStart = true;
      }
      // A quotation mark right behind one that closed is half of a pair.
      isInQuotes = byte === quote && (isFieldStart || (hasClosed && !isPending));
      isPending = false;
      hasClosed = false;
      isRowStart = byte === newline;
      isFieldStart = isRowStart;
      out[to++] = byte;
    }
    return out.subarray(0, to);
  };
}

/** Every `::` becomes one separator. */
function colonsRewriter(): Rewriter {
  let isPending = false;
  return (bytes, isEnd = false) => {
    const out = Buffer.allocUnsafe(bytes.length + 1);
    let to = 0;
    for (const byte of bytes) {
      if (isPending) out[to++] = byte === colon ? unitSeparator.charCodeAt(0) : colon;
      if (isPending && byte === colon) isPending = false;
      else {
        isPending = byte === colon;
        if (!isPending) out[to++] = byte;
      }
    }
    if (isEnd && isPending) out[to++] = colon;
    return out.subarray(0, to);
  };
}
