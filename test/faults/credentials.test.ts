import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { callLambda } from "../../src/compute/lambda-call.ts";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import type { Keys } from "../../src/emulator/iam/identity.ts";
import { readCheckpoint } from "../../src/journal/checkpoint.ts";
import { readRecord } from "../../src/journal/run-record.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { s3Client, s3Store } from "../../src/storage/s3.ts";
import { lambdaRefusal } from "../cli/aws-answers.ts";
import { given, illCloud, undisturbed } from "./cloud.ts";

/** A provider that knows no expiry beforehand, as a role's that was taken away and given again. */
function rolling(issue: (count: number) => Keys | Promise<Keys>) {
  let asked = 0;
  const provider = async () => issue(++asked);
  return { provider, asked: () => asked };
}

test("credentials that expire in the middle are asked for anew, and the run goes on", async () => {
  await using cloud = await illCloud({ faults: { s3: { requestsPerKey: 6 } } });
  // The workers' own, which Lambda renews, are not what this is about.
  const { provider, asked } = rolling(cloud.emulator.issueKeys);
  const { endpoint, region } = cloud.access.s3;
  const client = s3Client({ endpoint, region, credentials: provider });
  const store = s3Store({ bucket: "kofn", client });
  const { end, result } = await cloud.train({ store });
  client.destroy();
  expect(end.stop.kind).toBe("done");
  expect(result.weightsDigest).toBe(await undisturbed());
  expect(asked()).toBeGreaterThan(3);
});

test("no newer ones: it stops, its checkpoint stays, and it goes on later", async () => {
  const weather = { model: "exponential", meanMs: 25, coldStartMs: 0 };
  await using cloud = await illCloud({ faults: { s3: { requestsPerKey: 90 } }, weather });
  const spec = { ...given, stop: { rounds: 25, tolerance: 0, patience: 600 } };
  const { endpoint, region } = cloud.access.s3;
  const renewedStore = async () => {
    const credentials = await cloud.emulator.issueKeys();
    return s3Store({ bucket: "kofn", client: s3Client({ endpoint, region, credentials }) });
  };
  const store = await renewedStore();
  const listen = (event: RunEvent) => {
    // In the middle of it the key's last requests are used up.
    if (event.type !== "round" || event.round !== 12) return;
    for (let i = 0; i < 90; i++) store.read("nothing").catch(() => undefined);
  };
  const failure = await cloud.train({ spec, store, listen }).catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ message: expect.stringMatching(/token has expired/) });
  const renewed = await renewedStore();
  const keys = await renewed.list("runs/");
  const record = await readRecord(renewed, keys[0]!.split("/")[1]!);
  const checkpoint = await readCheckpoint<{ round: number }>(renewed, record.run);
  expect(checkpoint!.state.round).toBeLessThan(25);
  const { end, result } = await cloud.train({ record, store: await renewedStore() });
  expect(end.stop.kind).toBe("done");
  expect(result.weightsDigest).toBe(await undisturbed(spec));
});

test("an invocation with expired credentials is signed anew and sent once more", async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const key = /Credential=([^/]+)\//.exec(request.headers.authorization ?? "")?.[1] ?? "";
    seen.push(key);
    const isOld = key === "ASIA1";
    const told = lambdaRefusal(403, "ExpiredTokenException", "The security token is expired");
    request.resume().on("end", () => {
      response.writeHead(isOld ? told.status : 200, isOld ? told.headers : {});
      response.end(isOld ? told.body : "answer");
    });
  });
  // Another name for this machine, which is not taken for the emulator.
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.2", resolve));
  const { port } = server.address() as AddressInfo;
  const { provider } = rolling((count) => ({
    accessKeyId: `ASIA${count}`,
    secretAccessKey: randomUUID(),
    sessionToken: "t",
  }));
  const client = lambdaClient({
    endpoint: `http://127.0.0.2:${port}`,
    region: "us-east-1",
    credentials: provider,
  });
  const reply = await callLambda(client, {
    functionName: "worker",
    tenant: "0",
    context: {},
    body: Buffer.from("{}"),
    streamed: false,
    signal: new AbortController().signal,
  });
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(reply.kind).toBe("replied");
  expect(seen).toEqual(["ASIA1", "ASIA2"]);
});
