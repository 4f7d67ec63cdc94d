import { isAscii } from "node:buffer";

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
/** Those of JSON. */
const blanks = [0x20, 0x09, 0x0a, 0x0d];
const longBytes = 4096;
/** What is left of an event is small, or nothing is won. */
const shortBytesMax = 16 * 1024;
const mark = "long string ";

/**
 * What `JSON.parse` makes of an event's text. Tensors come as long strings: these are read as they
 * stand, one byte a character, instead of twice, as a part of the text and out of it.
 */
export function parseEvent(bytes: Buffer): unknown {
  const parts = bytes.includes(backslash) ? null : withMarks(bytes);
  if (parts === null) return JSON.parse(bytes.toString("utf8"));
  const { short, strings } = parts;
  return JSON.parse(short, (_key, value) =>
    typeof value === "string" && value.startsWith(mark)
      ? strings[Number(value.slice(mark.length))]
      : value,
  );
}

/** The text with a mark for each long string of ASCII; null where that is not worth while. */
function withMarks(bytes: Buffer): { readonly short: string; readonly strings: string[] } | null {
  if (bytes.length < longBytes || bytes.includes(mark)) return null;
  const strings: string[] = [];
  const pieces: string[] = [];
  let kept = 0;
  for (let open = bytes.indexOf(quote); open >= 0; ) {
    const close = bytes.indexOf(quote, open + 1);
    if (close < 0) return null;
    const inner = bytes.subarray(open + 1, close);
    if (inner.length > longBytes && !isKey(bytes, close) && isAscii(inner)) {
      pieces.push(bytes.toString("utf8", kept, open + 1), `${mark}${strings.length}`);
      strings.push(inner.toString("latin1"));
      kept = close;
    }
    open = bytes.indexOf(quote, close + 1);
  }
  pieces.push(bytes.toString("utf8", kept));
  const short = pieces.join("");
  return strings.length === 0 || short.length > shortBytesMax ? null : { short, strings };
}

/** Whether a colon follows the string that ends there. */
function isKey(bytes: Buffer, close: number): boolean {
  let at = close + 1;
  while (blanks.includes(bytes[at] ?? 0)) at += 1;
  return bytes[at] === colon;
}
