import { isUtf8 } from "node:buffer";
import { messageOf } from "../../core/errors.ts";
import { notJson } from "./failures.ts";

const nothing = Buffer.from("{}");

/** An event's bytes, `{}` for none. Throws `LambdaError` where they are not JSON. */
export function checkedEvent(body: Buffer): Buffer {
  if (body.length === 0) return nothing;
  if (!isUtf8(body)) throw notJson("it is not UTF-8");
  try {
    JSON.parse(body.toString("utf8"));
  } catch (thrown) {
    throw notJson(messageOf(thrown));
  }
  return body;
}
