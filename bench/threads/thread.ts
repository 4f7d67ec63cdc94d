import { serveThread } from "../../src/compute/threads.ts";

serveThread((_data: null) => ({
  perform: async ({ weights }: { weights: Float32Array }) => weights.map((weight) => 2 * weight),
  transfers: (reply) => [reply.buffer as ArrayBuffer],
}));
