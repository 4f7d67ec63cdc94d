import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { afterEach, describe, expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { isAllowed, type Statement } from "../../src/emulator/iam/policy.ts";
import { workerRequestOf } from "../../src/platform/backend.ts";
import { awsFailure } from "../../src/platform/cloud/aws-failures.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import type { Deployment } from "../../src/platform/cloud/deployment.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import type { Store } from "../../src/ports/store.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { createBucket, s3Client, s3Store } from "../../src/storage/s3.ts";
import { guardedStore } from "../doubles/guarded-store.ts";
import { temporaryHome } from "../scenarios/workplace.ts";
import { listen, testIdentities } from "./s3-listener.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** S3 with one key that is held to statements; the store as that key's owner sees it. */
async function storeFor(statements: readonly Statement[], secret = "right") {
  const home = await temporaryHome();
  open.push({ close: () => home[Symbol.asyncDispose]() });
  const identity = { secretAccessKey: "right", arn: "arn:aws:sts::1:assumed-role/r/r", statements };
  const identities = new Map([...testIdentities, ["AKIAROLE", identity]]);
  const server = await listen({ root: join(home.path, "s3"), identities });
  open.push(server);
  const clientOf = (accessKeyId: string, secretAccessKey: string) => {
    const credentials = { accessKeyId, secretAccessKey };
    const client = s3Client({ endpoint: server.endpoint, region: "us-east-1", credentials });
    open.push({ close: () => client.destroy() });
    return client;
  };
  const owner = clientOf("local", "local");
  await createBucket(owner, "kofn");
  const partBytes = 5 * 1024 * 1024;
  const client = clientOf("AKIAROLE", secret);
  const role = s3Store({ bucket: "kofn", client, partBytes });
  const loseRole = () => identities.set("AKIAROLE", { ...identity, statements: [] });
  return { role, owner: s3Store({ bucket: "kofn", client: owner }), client, loseRole };
}

const keys = [
  "parts/a",
  "prepared/a",
  "encoded/a b+c",
  "networks/a",
  "runs/a/run.json",
  "runs/a/state.safetensors",
  "runs/a/memory/0/1",
  "runs/a/round/1/node/ü",
  "runs/a/ledger/node-0/committed/round/1/node/0",
  "secrets/a/node-0",
  "secrets/a/sums/1/0",
  "elsewhere/a",
];

/** What comes of everything that a store can be asked to do with a key. */
async function outcomes(store: Store, key: string): Promise<string[]> {
  const bytes = new Uint8Array([1]);
  const told: string[] = [];
  const note = async (what: string, work: Promise<unknown>) => {
    const outcome = await work.then(
      (value) => (value instanceof Uint8Array ? "bytes" : JSON.stringify(value)),
      ({ name }: Error) => name,
    );
    told.push(`${what} ${key}: ${outcome}`);
  };
  await note("read absent", store.read(key));
  await note("write", store.write(key, bytes));
  await note("write once", store.writeOnce(key, bytes));
  await note("read", store.read(key));
  await note("list", store.list(key));
  await note("remove", store.remove(key));
  await note("remove all", store.removeAll!([key, `${key}/2`]));
  return told;
}

describe("S3 holds a role's key to its statements", () => {
  test.each(["worker", "networkWorker", "orchestrator"] as const)(
    "and the %s's alike over the wire and over a guarded store",
    async (role) => {
      const statements = deployedRoles[role];
      const { role: wire } = await storeFor(statements);
      const may = (action: Parameters<typeof isAllowed>[1]) => isAllowed(statements, action);
      const guarded = guardedStore(memoryStore(), { bucket: "kofn", who: "r", may });
      for (const key of keys)
        expect(await outcomes(wire, key)).toEqual(await outcomes(guarded, key));
    },
  );

  test("of many keys at once, those that it may not remove stay, and are reported", async () => {
    const { role, owner } = await storeFor(deployedRoles.orchestrator);
    const memories = [0, 1, 2].map((slot) => `runs/a/memory/${slot}/7`);
    const others = ["parts/a", "runs/a/ledger/node-0/1.json"];
    for (const key of [...memories, ...others]) await owner.write(key, new Uint8Array(1));
    const failure = await role.removeAll!([others[0]!, ...memories, others[1]!]).catch(
      (thrown: Error) => thrown,
    );
    expect(failure).toMatchObject({
      name: "AccessDenied",
      message: expect.stringMatching(
        /^2 of 5 .* parts\/a: AccessDenied: User: .* perform: s3:DeleteObject on resource/,
      ),
    });
    expect(await owner.list("")).toEqual(others);
    const deployment = { stage: "s", bucket: "kofn", orchestrator: "o" } as Deployment;
    expect(awsFailure(failure, deployment)).toMatchObject({ code: "not-permitted" });
    for (const key of memories) await owner.write(key, new Uint8Array(1));
    await role.removeAll!(memories);
    expect(await owner.list("")).toEqual(others);
  });

  test("a key is known by its secret: a wrong one is refused in S3's words", async () => {
    const { role } = await storeFor(deployedRoles.worker, "wrong");
    await expect(role.read("parts/a")).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
  });

  test("a lost race aborts its upload; that it may not hides no lost race", async () => {
    const large = new Uint8Array(5 * 1024 * 1024 + 1);
    const whole = await storeFor(deployedRoles.worker);
    const key = "runs/a/carried/large";
    await whole.owner.write(key, new Uint8Array(1));
    expect(await whole.role.writeOnce(key, large)).toBe(false);
    const without = deployedRoles.worker.filter(
      ({ actions: [action] }) => action !== "s3:AbortMultipartUpload",
    );
    const lacking = await storeFor(without);
    await lacking.owner.write(key, new Uint8Array(1));
    expect(await lacking.role.writeOnce(key, large)).toBe(false);
    // Whatever else goes wrong is told first, and what stays behind with it.
    const losing = await storeFor(deployedRoles.worker);
    losing.client.middlewareStack.add(
      (next, { commandName }) =>
        (given) => {
          if (commandName === "UploadPartCommand") losing.loseRole();
          return next(given);
        },
      { step: "initialize" },
    );
    const failure = await losing.role.write(key, large).catch((thrown: Error) => thrown);
    expect(failure).toMatchObject({
      name: "AccessDenied",
      message: expect.stringMatching(
        /s3:PutObject.*could not be aborted.*s3:AbortMultipartUpload/s,
      ),
    });
  });
});

test.each([
  [deployedRoles.worker, "encoded/gone.json is not in the store"],
  [[], "is not authorized to perform: s3:GetObject"],
] as const)(
  "an environment signs with its function's key, and has its role",
  async (role, told) => {
    await using home = await temporaryHome();
    const emulator = await startEmulator({
      home: home.path,
      functions: {
        worker: {
          directory: join(import.meta.dirname, "../../dist/functions-bundled/worker"),
          ...deployed.worker,
          role,
          spares: 0,
          environment: { KOFN_BUCKET: "kofn" },
        },
      },
    });
    open.push(emulator);
    const access = accessTo(emulator.environment);
    await createBucket(s3Client(access.s3), "kofn");
    const client = lambdaClient(access.lambda);
    open.push({ close: () => client.destroy() });
    const record = {
      run: "trial",
      encoded: "encoded/gone.json",
      spec: { problem: { type: "ridge" } },
    };
    const task = { operation: "gradient", id: "", slot: 0, round: 0 };
    const request = workerRequestOf(record as never, task as never);
    const { FunctionError: error, Payload: payload } = await client.send(
      new InvokeCommand({
        FunctionName: "worker",
        TenantId: "0",
        Payload: Buffer.from(JSON.stringify(request)),
      }),
    );
    expect(error).toBeDefined();
    expect(Buffer.from(payload!).toString("utf8")).toContain(told);
  },
);
