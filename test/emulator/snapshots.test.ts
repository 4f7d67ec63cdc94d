import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { build } from "esbuild";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { workerRehearsal } from "../../scripts/worker-rehearsal.ts";
import { startEmulatorProcess } from "../../src/emulator/emulator-process.ts";
import type { FunctionConfig } from "../../src/emulator/lambda/function-config.ts";
import { withoutCompiledBuiltins } from "../../src/emulator/lambda/snapshot-blob.ts";
import { refusedPath, snapshotPath } from "../../src/emulator/lambda/snapshots.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import { bucket } from "../../src/platform/local/paths.ts";
import { accessTo, ensureBucket } from "../../src/platform/local/s3-access.ts";
import type { WorkerReply } from "../../src/tasks/protocol.ts";
import { fromPacket } from "../../src/wire/packet.ts";
import { eventually } from "../eventually.ts";
import { temporaryFolder } from "./s3-listener.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let count = 0;
beforeEach(() => {
  vi.stubEnv("NODE_COMPILE_CACHE", join(folder.path, `compiled-${count++}`));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A function that tells where it comes from and what it draws; the script, and the bundle. */
async function teller(event = "{}"): Promise<FunctionConfig & { readonly snapshot: string }> {
  const directory = join(folder.path, `function-${count}`);
  mkdirSync(directory);
  const drawn = "[Math.random(), crypto.randomUUID(), kept.randomUUID(), kept.randomInt(1e9)]";
  const handler = (from: string) => `async ({ isDrawing }) => {
    const kept = process.getBuiltinModule("node:crypto");
    return { from: "${from}", bucket: process.env.BUCKET, drawn: isDrawing ? ${drawn} : [] };
  }`;
  writeFileSync(join(directory, "teller.mjs"), `export const handler = ${handler("bundle")};\n`);
  const keepLoaded = resolve("src/emulator/runtime/snapshot.ts");
  const snapshot = join(directory, "teller-snapshot.js");
  await build({
    stdin: {
      contents: `import { keepLoaded } from ${JSON.stringify(keepLoaded)};
        void keepLoaded(() => ${handler("snapshot")}, ${JSON.stringify({ event, objects: {} })});`,
      resolveDir: directory,
    },
    outfile: snapshot,
    bundle: true,
    platform: "node",
    format: "iife",
  });
  const environment = { BUCKET: "one" };
  const how = { handler: "teller.handler", memoryMb: 256, timeoutMs: 20_000, environment };
  return { directory, snapshot, ...how, tenancy: "PER_TENANT" };
}

const drawing = JSON.stringify({ isDrawing: true });

interface Told {
  readonly from: string;
  readonly bucket: string;
  readonly drawn: readonly unknown[];
}

/** What cold environments of a function's tell, one a tenant. */
async function told(config: FunctionConfig, tenants: readonly string[]): Promise<Told[]> {
  const home = join(folder.path, `home-${count++}`);
  const emulator = await startEmulatorProcess({ home, functions: { teller: config } });
  const endpoint = emulator.endpoints.lambda;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } =
    emulator.environment as Record<string, string>;
  const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
  const client = new LambdaClient({ endpoint, region: "us-east-1", credentials });
  try {
    const asked = tenants.map(async (TenantId) => {
      const { Payload } = await client.send(
        new InvokeCommand({ FunctionName: "teller", TenantId, Payload: Buffer.from(drawing) }),
      );
      return JSON.parse(Buffer.from(Payload!).toString()) as Told;
    });
    return await Promise.all(asked);
  } finally {
    client.destroy();
    await emulator.close();
  }
}

test("environments start from a snapshot once one is taken, each with its own draws", async () => {
  const config = await teller();
  const [first] = await told(config, ["0"]);
  expect(first!.from).toBe("bundle");
  const path = snapshotPath(config.snapshot);
  await eventually(() => existsSync(path), "a snapshot is taken");
  const [one, other] = await told({ ...config, environment: { BUCKET: "two" } }, ["0", "1"]);
  expect([one!.from, one!.bucket]).toEqual(["snapshot", "two"]);
  for (const [i, drawn] of one!.drawn.entries()) expect(drawn).not.toBe(other!.drawn[i]);
  // Node would run other code than was kept.
  const [plain] = await told({ ...config, environment: { NODE_DISABLE_COMPILE_CACHE: "1" } }, [
    "0",
  ]);
  expect(plain!.from).toBe("bundle");
});

test("of a snapshot that cannot be started, environments load the bundle", async () => {
  const config = await teller();
  const path = snapshotPath(config.snapshot);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "damaged");
  const both = await told(config, ["0", "1"]);
  expect(both.map(({ from }) => from)).toEqual(["bundle", "bundle"]);
  // It is neither tried nor taken again.
  expect([existsSync(path), existsSync(refusedPath(path))]).toEqual([false, true]);
  expect((await told(config, ["0"])).map(({ from }) => from)).toEqual(["bundle"]);
  expect(existsSync(path)).toBe(false);
});

test("of what draws in its rehearsal no snapshot is taken: all would draw the same", async () => {
  const config = await teller(drawing);
  await told(config, ["0"]);
  const refused = refusedPath(snapshotPath(config.snapshot));
  await eventually(() => existsSync(refused), "it is refused");
});

test("the worker replies the same bytes from its snapshot as from its bundle", async () => {
  const directory = resolve("dist/functions-bundled/worker");
  const snapshot = resolve("dist/functions-bundled/worker-snapshot/worker-snapshot.js");
  const environment = { KOFN_BUCKET: bucket };
  const worker: FunctionConfig = { directory, ...deployed.worker, environment };
  const { event, objects } = await workerRehearsal();
  const reply = async () => {
    const home = join(folder.path, `home-${count++}`);
    const functions = { bundle: worker, kept: { ...worker, snapshot } };
    const emulator = await startEmulatorProcess({ home, functions });
    try {
      const access = accessTo(emulator.environment);
      const store = await ensureBucket(access);
      for (const [key, value] of Object.entries(objects))
        await store.write(key, Buffer.from(value, "base64"));
      const client = new LambdaClient(access.lambda);
      const replies = ["bundle", "kept"].map(async (FunctionName) => {
        const ask = { FunctionName, TenantId: "0", Payload: Buffer.from(event) };
        const { Payload } = await client.send(new InvokeCommand(ask));
        return Buffer.from(Payload!);
      });
      const started = await Promise.all(replies);
      const commands = (await emulator.environments()).map(({ pid }) =>
        process.platform === "linux" ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : "",
      );
      client.destroy();
      return { started, fromSnapshot: commands.filter((one) => one.includes(".blob")).length };
    } finally {
      await emulator.close();
    }
  };
  await reply();
  await eventually(() => existsSync(snapshotPath(snapshot)), "a snapshot is taken");
  const { started, fromSnapshot } = await reply();
  if (process.platform === "linux") expect(fromSnapshot).toBe(1);
  expect(withoutTimes(started[1]!)).toEqual(withoutTimes(started[0]!));
});

/** How long it computed is no part of what it computed. */
function withoutTimes(packet: Buffer): object {
  const { computeMs, ...reply } = fromPacket<WorkerReply>(packet, "reply");
  expect(computeMs).toBeGreaterThan(0);
  return reply;
}

test("a snapshot is cut where a list of named parts reaches its end, and nowhere else", () => {
  const length = (of: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(of));
    return bytes;
  };
  const part = (name: string, bytes: Buffer) =>
    Buffer.concat([length(name.length), Buffer.from(name), length(bytes.length), bytes]);
  const parts = ["fs", "internal/streams/writable", "net"].map((name, i) =>
    part(name, Buffer.alloc(50 * (i + 1), i + 1)),
  );
  const head = Buffer.alloc(1_000, 7);
  const blob = Buffer.concat([head, length(parts.length), ...parts]);
  expect(withoutCompiledBuiltins(blob)).toEqual(Buffer.concat([head, length(0)]));
  const longer = Buffer.concat([blob, Buffer.alloc(1)]);
  expect(withoutCompiledBuiltins(longer)).toBe(longer);
  expect(withoutCompiledBuiltins(head)).toBe(head);
});
