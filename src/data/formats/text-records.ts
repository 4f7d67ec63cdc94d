import { RunError } from "../../core/errors.ts";
import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";

const recordCharactersMax = 1024 * 1024;

/**
 * The records of a CSV text (RFC 4180, commas, plain or gzip) as strings, the header first; blank
 * lines are none. For small numbers of columns by name; data to train on have a reader of their
 * own. Throws `RunError` for a record that does not end.
 */
export async function* textRecords(source: Source): AsyncGenerator<string[]> {
  let rest = "";
  for await (const chunk of decodeText(source)) {
    rest += chunk.toString("utf8");
    const [records, used] = wholeRecords(rest, false);
    yield* records;
    rest = rest.slice(used);
    if (rest.length > recordCharactersMax) {
      throw new RunError(
        "row-too-long",
        `${source.name}: a record of more than ${recordCharactersMax} characters`,
        { hint: "a quotation mark that is never closed makes the rest of a file one field" },
      );
    }
  }
  yield* wholeRecords(rest, true)[0];
}

/** The records of a text, and where the one begins that is not over yet. */
function wholeRecords(text: string, isEnd: boolean): [string[][], number] {
  const records: string[][] = [];
  let used = 0;
  for (;;) {
    const nextRecord = recordAt(text, used, isEnd);
    if (nextRecord === null) return [records, used];
    const [record, next] = nextRecord;
    if (record.length > 1 || record[0] !== "") records.push(record);
    used = next;
  }
}

function recordAt(text: string, from: number, isEnd: boolean): [string[], number] | null {
  const record: string[] = [];
  let at = from;
  if (at >= text.length) return null;
  for (;;) {
    let cell = "";
    if (text[at] === '"') {
      for (at++; ; ) {
        const close = text.indexOf('"', at);
        // The next character tells whether it was the end or half of a pair.
        if (close < 0 || (close + 1 === text.length && !isEnd)) return null;
        cell += text.slice(at, close);
        at = close + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at++;
      }
    }
    const start = at;
    while (at < text.length && text[at] !== "," && text[at] !== "\n") at++;
    if (at === text.length && !isEnd) return null;
    cell += text.slice(start, at);
    const isLast = text[at] !== ",";
    record.push(isLast && cell.endsWith("\r") ? cell.slice(0, -1) : cell);
    at++;
    if (isLast) return [record, at];
  }
}
