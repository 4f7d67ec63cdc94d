import type { Writable } from "node:stream";
import { fromJson, toPacket } from "../../src/wire/packet.ts";

declare const awslambda: {
  streamifyResponse(handler: (event: unknown, stream: Writable) => Promise<void>): unknown;
};

const gradient = new Float32Array(65_536).fill(0.5);

/** Decodes its task as a worker does and answers 256 KiB of float32. */
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const { task } = fromJson<{ task: { id: string } }>(event);
  stream.end(toPacket({ id: task.id, gradient }));
});
