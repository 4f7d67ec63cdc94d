import type { IncomingMessage } from "node:http";

/** A request's body; null where it is longer than so many bytes, of which the rest is not read. */
export async function boundedBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > bytesMax) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
