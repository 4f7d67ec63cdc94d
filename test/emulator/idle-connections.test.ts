import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { listenLocally } from "../../src/emulator/lambda/local-listener.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { eventually } from "../eventually.ts";
import { temporaryHome } from "../scenarios/workplace.ts";

/** Node's own limits, which a listener has where it does not say otherwise, at a thousandth. */
const impatient = {
  headersTimeout: 60,
  requestTimeout: 300,
  keepAliveTimeout: 5,
  connectionsCheckingInterval: 10,
};
const servers: { readonly connected: Promise<unknown> }[] = [];
const { createServer: patient } = http;

// Modules are shared between files: what they took from Node's own module is exchanged there.
beforeAll(() => {
  http.createServer = ((options: object, listener: never) => {
    const server = patient({ ...impatient, ...options }, listener);
    servers.push({ connected: new Promise((resolve) => server.once("connection", resolve)) });
    return server;
  }) as typeof patient;
  syncBuiltinESMExports();
});
afterAll(() => {
  http.createServer = patient;
  syncBuiltinESMExports();
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  servers.length = 0;
});
const head = "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";

function silent(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  open.push({ close: () => socket.destroy() });
  return socket;
}

/** Resolves once a listener that keeps the limits has closed a connection opened just now. */
async function limitsOver(): Promise<void> {
  const strict = http.createServer({}, (_request, response) => void response.end());
  strict.listen(0, "127.0.0.1");
  await once(strict, "listening");
  open.push({ close: () => strict.close() });
  const socket = silent((strict.address() as AddressInfo).port);
  let text = "";
  socket.on("data", (chunk) => (text += chunk));
  await once(socket, "close");
  expect(text).toMatch(/^HTTP\/1.1 408/);
}

test("a connection may be silent before its first request, and between two", async () => {
  const server = await listenLocally((_request, response) => void response.end("here"));
  open.push(server);
  const untouched = silent(server.port);
  const half = silent(server.port);
  half.write(head.slice(0, 20));
  const used = silent(server.port);
  used.write(head);
  await once(used, "data");
  const early: string[] = [];
  for (const socket of [untouched, half, used])
    socket.on("data", (chunk) => early.push(String(chunk).slice(0, 12)));
  await limitsOver();
  expect(early).toEqual([]);
  for (const [socket, rest] of [
    [untouched, head],
    [half, head.slice(20)],
    [used, head],
  ] as const) {
    socket.write(rest);
    const [chunk] = await once(socket, "data");
    expect(String(chunk)).toMatch(/^HTTP\/1.1 200/);
  }
});

test("an environment that waited beyond Node's limits serves its first event", async () => {
  await using home = await temporaryHome();
  const emulator = await startEmulator({
    home: home.path,
    functions: {
      worker: {
        directory: join(import.meta.dirname, "../fixtures/lambda"),
        handler: "worker.handler",
        memoryMb: 256,
        timeoutMs: 30_000,
        tenancy: "PER_TENANT",
        spares: 0,
        sparesAtStart: 1,
      },
    },
  });
  open.push(emulator);
  // Behind S3's listener and Lambda's: the Runtime API of the environment that is kept started.
  await eventually(() => servers.length === 3, "all three listen");
  await servers[2]!.connected;
  const [waiting] = await emulator.environments();
  await limitsOver();
  const client = lambdaClient(accessTo(emulator.environment).lambda);
  open.push({ close: () => client.destroy() });
  const reply = await client.send(
    new InvokeCommand({ FunctionName: "worker", TenantId: "7", Payload: Buffer.from("{}") }),
  );
  expect(reply.FunctionError).toBeUndefined();
  expect((await emulator.environments())[0]).toMatchObject({ pid: waiting!.pid, tenant: "7" });
});

test("nothing in src/ listens but the patient ones, predictors and pages", () => {
  const folder = join(import.meta.dirname, "../../src");
  const listening = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .filter((path) => /\bcreateServer\b/.test(readFileSync(join(folder, path), "utf8")));
  // Browsers and others ask these, and ask again: Node's limits are what protects them.
  const others = [join("library", "serve.ts"), join("ui", "server.ts")];
  // A bare connection has no limits of Node's: it lasts as long as who uses the emulator.
  const patient = [join("emulator", "emulator-host.ts"), join("emulator/lambda/local-listener.ts")];
  // Listens for as long as a snapshot is being taken.
  const short = [join("emulator/runtime/rehearsal.ts")];
  expect(listening.sort()).toEqual([...patient, ...short, ...others]);
});
