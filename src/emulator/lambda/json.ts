import { isUtf8 } from "node:buffer";
import { messageOf } from "../../core/errors.ts";
import { notJson } from "./failures.ts";

const nothing = Buffer.from("{}");

/** An event's bytes, `{}` for none. Throws `LambdaError` where they are not JSON. */
export function checkedEvent(body: Buffer): Buffer {
  if (body.length === 0) return nothing;
  if (!isUtf8(body)) throw notJson("it is not UTF-8");
  try {
    // JSON's own marks are ASCII, and one byte a character is the quicker reading.
    JSON.parse(withoutLongStrings(body).toString("latin1"));
  } catch (thrown) {
    throw notJson(messageOf(thrown));
  }
  return body;
}

const quote = 0x22;
const backslash = 0x5c;
const longBytes = 1024;

/**
 * The same text with its long plain strings emptied: JSON exactly where the whole is. Tensors are
 * such strings, and to parse them only to see that they are strings took most of the time that an
 * invocation spent in the emulator.
 */
export function withoutLongStrings(body: Buffer): Buffer {
  if (body.length < longBytes) return body;
  const pieces: Buffer[] = [];
  let kept = 0;
  let slash = body.indexOf(backslash);
  for (let open = body.indexOf(quote); open >= 0; ) {
    let close = body.indexOf(quote, open + 1);
    let plain = true;
    let from = open + 1;
    if (slash >= 0 && slash < from) slash = body.indexOf(backslash, from);
    while (slash >= 0 && slash < close) {
      plain = false;
      from = slash + 2;
      close = body.indexOf(quote, from);
      slash = body.indexOf(backslash, from);
    }
    if (close < 0) return body;
    if (plain && close - open > longBytes && !holdsControls(body, open + 1, close)) {
      pieces.push(body.subarray(kept, open + 1));
      kept = close;
    }
    open = body.indexOf(quote, close + 1);
  }
  return Buffer.concat([...pieces, body.subarray(kept)]);
}

/** Whether a byte below 0x20, which no JSON string holds, is in the range; four at a time. */
function holdsControls(body: Buffer, from: number, to: number): boolean {
  let at = from;
  for (; at < to && (body.byteOffset + at) % 4 !== 0; at++) if (body[at]! < 0x20) return true;
  const words = new Int32Array(body.buffer, body.byteOffset + at, (to - at) >> 2);
  for (let i = 0; i < words.length; i++)
    if ((words[i]! - 0x20202020) & ~words[i]! & 0x80808080) return true;
  for (at += 4 * words.length; at < to; at++) if (body[at]! < 0x20) return true;
  return false;
}
