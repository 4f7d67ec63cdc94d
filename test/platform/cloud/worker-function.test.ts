import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createWorkerFunction } from "../../../src/platform/cloud/worker-function.ts";
import { protocolVersion } from "../../../src/tasks/protocol.ts";
import { toJson } from "../../../src/wire/packet.ts";

type Handler = (
  event: unknown,
  reply: NodeJS.WritableStream,
  context: { getRemainingTimeInMillis(): number },
) => Promise<void>;

Object.assign(globalThis, { awslambda: { streamifyResponse: (handler: Handler) => handler } });

test("a worker refuses an orchestrator of another version, and one that names none", async () => {
  const context = { getRemainingTimeInMillis: () => 1000 };
  const handler = createWorkerFunction({ bucket: "none" }) as Handler;
  for (const version of [protocolVersion + 1, undefined]) {
    const request = { version, run: "a", encoded: "b", problem: { type: "ridge" }, task: {} };
    await expect(handler(toJson(request), new PassThrough(), context)).rejects.toMatchObject({
      code: "other-version",
      message: expect.stringContaining(`the request ${version}`),
    });
  }
});
