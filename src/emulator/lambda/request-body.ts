import type { IncomingMessage } from "node:http";
import { drained } from "../drained.ts";
import { tooLarge } from "./failures.ts";

/** A request's body. Throws `LambdaError` where it is longer than that. */
export async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) {
    await drained(request);
    throw tooLarge(bytesMax);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) reject(tooLarge(bytesMax));
    else chunks.push(chunk);
  });
  request.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
  request.once("error", reject);
  return promise;
}
