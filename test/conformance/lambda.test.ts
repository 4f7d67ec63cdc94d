import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll } from "vitest";
import { startEmulator } from "../../src/emulator/emulator.ts";
import type { Emulator } from "../../src/emulator/users.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { lambdaConformance } from "./lambda.ts";

// Another endpoint, or "aws" for the real one: functions of these names must be deployed there.
const elsewhere = process.env.KOFN_CONFORMANCE_LAMBDA;
const directory = fileURLToPath(new URL("../fixtures/lambda", import.meta.url));
const base = { directory, handler: "worker.handler", memoryMb: 512, timeoutMs: 20_000 };
const tenancy = "PER_TENANT" as const;

let emulator: Emulator | undefined;
let client: LambdaClient;
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-lambda-"));
  if (elsewhere === undefined)
    emulator = await startEmulator({
      home,
      functions: {
        worker: { ...base, tenancy },
        hasty: { ...base, tenancy, timeoutMs: 2_000 },
        plain: base,
        streaming: { ...base, handler: "worker.streaming", tenancy },
        single: { ...base, reservedConcurrency: 1 },
        broken: { ...base, handler: "broken.handler" },
      },
    });
  const endpoint = emulator?.endpoints.lambda ?? elsewhere;
  client = new LambdaClient(
    endpoint === undefined || endpoint === "aws"
      ? { maxAttempts: 1 }
      : {
          endpoint,
          region: "us-east-1",
          // Elsewhere, keys come from the environment.
          ...(emulator && { credentials: accessTo(emulator.environment).lambda.credentials }),
          maxAttempts: 1,
        },
  );
});

afterAll(async () => {
  client?.destroy();
  await emulator?.close();
  await rm(home, { recursive: true, force: true });
});

lambdaConformance(() => client, {
  worker: "worker",
  hasty: "hasty",
  plain: "plain",
  streaming: "streaming",
  single: "single",
  broken: "broken",
});
