import { join } from "node:path";
import {
  CopyObjectCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, expect, test } from "vitest";
import { type PolicyRefusal, readBucketPolicy } from "../../src/emulator/iam/bucket-policy.ts";
import { roleWith } from "../../src/emulator/iam/identity.ts";
import { bucketActions, objectActions } from "../../src/emulator/iam/s3-actions.ts";
import { s3Routes } from "../../src/emulator/s3/routes.ts";
import { awsFailure } from "../../src/platform/cloud/aws-failures.ts";
import type { Deployment } from "../../src/platform/cloud/deployment.ts";
import { createBucket, s3Client, s3Store } from "../../src/storage/s3.ts";
import { listen, temporaryFolder, testIdentities } from "./s3-listener.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const role = "arn:aws:iam::000000000000:role/worker";
const all = "arn:aws:s3:::kofn/*";
const deny = {
  ...{ Effect: "Deny", Principal: { AWS: role }, Action: "s3:PutObject" },
  Resource: "arn:aws:s3:::kofn/runs/*/memory/*",
};

/** A bucket with its owner, and with a role that may read and write what is in it. */
async function bucket(root: string) {
  const keys = { accessKeyId: "AKIAROLE", secretAccessKey: "right" };
  const own = [
    { effect: "Allow", actions: ["s3:GetObject", "s3:PutObject"], resources: [all] } as const,
    { effect: "Allow", actions: ["s3:ListBucket"], resources: ["arn:aws:s3:::kofn"] } as const,
  ];
  const identities = new Map([
    ...testIdentities,
    [keys.accessKeyId, roleWith(keys, "worker", own)] as const,
  ]);
  const server = await listen({ root, identities });
  open.push(server);
  const clientOf = (credentials: { accessKeyId: string; secretAccessKey: string }) => {
    const client = s3Client({ endpoint: server.endpoint, region: "us-east-1", credentials });
    open.push({ close: () => client.destroy() });
    return client;
  };
  const owner = clientOf({ accessKeyId: "local", secretAccessKey: "local" });
  await createBucket(owner, "kofn");
  return { owner, worker: clientOf(keys), server };
}

const put = (client: S3Client, statement: object | object[] | string) =>
  client.send(
    new PutBucketPolicyCommand({
      Bucket: "kofn",
      Policy:
        typeof statement === "string"
          ? statement
          : JSON.stringify({ Version: "2012-10-17", Statement: statement }),
    }),
  );
const write = (client: S3Client, Key: string) =>
  client.send(new PutObjectCommand({ Bucket: "kofn", Key, Body: "x" }));

test("a policy denies what a role allows, to whom it names, and survives a restart", async () => {
  const folder = temporaryFolder();
  open.push({ close: folder.remove });
  const root = join(folder.path, "s3");
  const first = await bucket(root);
  const key = "runs/a/memory/0/1";
  await write(first.worker, key);
  await put(first.owner, deny);
  const refusal = await write(first.worker, key).catch((thrown: Error) => thrown);
  expect(refusal).toMatchObject({
    name: "AccessDenied",
    message:
      "User: arn:aws:sts::000000000000:assumed-role/worker/worker is not authorized to perform: " +
      `s3:PutObject on resource: "arn:aws:s3:::kofn/${key}" with an explicit deny in a ` +
      "resource-based policy",
  });
  const deployment = { stage: "s", bucket: "kofn", orchestrator: "o" } as Deployment;
  expect(awsFailure(refusal, deployment)).toMatchObject({
    message: expect.stringMatching(/^the policy of the bucket kofn denies s3:PutObject on /),
    hint: expect.stringContaining("aws s3api get-bucket-policy --bucket kofn"),
  });
  await write(first.worker, "runs/a/round/1");
  await write(first.owner, key);
  await first.server.close();
  const second = await bucket(root);
  await expect(write(second.worker, key)).rejects.toMatchObject({ name: "AccessDenied" });
  const read = new GetBucketPolicyCommand({ Bucket: "kofn" });
  expect(JSON.parse((await second.owner.send(read)).Policy!).Statement).toEqual(deny);
  await expect(second.worker.send(read)).rejects.toMatchObject({ name: "AccessDenied" });
  await second.owner.send(new DeleteBucketPolicyCommand({ Bucket: "kofn" }));
  await write(second.worker, key);
  await expect(second.owner.send(read)).rejects.toMatchObject({ name: "NoSuchBucketPolicy" });
});

test("an Allow of a policy is enough for a role; conditions go by prefix", async () => {
  const folder = temporaryFolder();
  open.push({ close: folder.remove });
  const { owner, worker } = await bucket(folder.path);
  const remove = () => s3Store({ bucket: "kofn", client: worker }).remove("a");
  await expect(remove()).rejects.toMatchObject({ name: "AccessDenied" });
  const list = (Prefix?: string) =>
    worker.send(new ListObjectsV2Command({ Bucket: "kofn", ...(Prefix && { Prefix }) }));
  await put(owner, [
    { ...deny, Effect: "Allow", Action: ["s3:Delete*"], Resource: [all] },
    {
      ...{ ...deny, Action: "s3:ListBucket", Resource: "arn:aws:s3:::kofn" },
      Condition: { StringLike: { "s3:Prefix": "secrets/*" } },
    },
  ]);
  await remove();
  await list("runs/");
  await list();
  await expect(list("secrets/a/")).rejects.toMatchObject({ name: "AccessDenied" });
  // Who may not list a key is not told that it is absent.
  const get = (Key: string) => worker.send(new GetObjectCommand({ Bucket: "kofn", Key }));
  await expect(get("runs/b")).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(get("secrets/b")).rejects.toMatchObject({ name: "AccessDenied" });
});

test("a denied source cannot be copied, and each of many keys is looked at", async () => {
  const folder = temporaryFolder();
  open.push({ close: folder.remove });
  const { owner, worker } = await bucket(folder.path);
  const everybody = { ...deny, Principal: "*" };
  for (const key of ["secrets/a", "secrets/b", "c"]) await write(owner, key);
  await put(owner, [
    { ...everybody, Action: "s3:GetObject", Resource: "arn:aws:s3:::kofn/secrets/*" },
    { ...everybody, Action: "s3:DeleteObject", Resource: "arn:aws:s3:::kofn/secrets/b" },
  ]);
  const copy = new CopyObjectCommand({ Bucket: "kofn", Key: "d", CopySource: "kofn/secrets/a" });
  for (const client of [worker, owner])
    await expect(client.send(copy)).rejects.toMatchObject({ name: "AccessDenied" });
  const store = s3Store({ bucket: "kofn", client: owner });
  await expect(store.removeAll!(["c", "secrets/a", "secrets/b"])).rejects.toThrow(
    /1 of 3 .* secrets\/b: AccessDenied/,
  );
  expect(await store.list("")).toEqual(["secrets/b"]);
});

test("nobody locks the owner out: the policy itself stays within reach", async () => {
  const folder = temporaryFolder();
  open.push({ close: folder.remove });
  const { owner } = await bucket(folder.path);
  const resources = ["arn:aws:s3:::kofn", all];
  await put(owner, { ...deny, Principal: "*", Action: "s3:*", Resource: resources });
  await expect(write(owner, "a")).rejects.toMatchObject({ name: "AccessDenied" });
  await owner.send(new GetBucketPolicyCommand({ Bucket: "kofn" }));
  await owner.send(new DeleteBucketPolicyCommand({ Bucket: "kofn" }));
  await write(owner, "a");
});

test("a policy that asks for TLS denies everything here, where there is none", async () => {
  const folder = temporaryFolder();
  open.push({ close: folder.remove });
  const { owner } = await bucket(folder.path);
  // What the deployment gives its bucket.
  await put(owner, {
    ...{ ...deny, Principal: "*", Action: "s3:*", Resource: ["arn:aws:s3:::kofn", all] },
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  });
  await expect(write(owner, "a")).rejects.toMatchObject({ name: "AccessDenied" });
});

const one = (more: object) => JSON.stringify({ Statement: { ...deny, ...more } });
const everybodyMay = { Effect: "Allow", Principal: { AWS: ["*"] } };

test.each<[PolicyRefusal["kind"], RegExp, string]>([
  ["malformed", /valid JSON and the first byte/, "[]"],
  ["malformed", /valid JSON and the first byte/, '{"Statement":'],
  ["malformed", /Missing required field Statement/, "{}"],
  ["malformed", /valid version/, JSON.stringify({ Version: "2020-01-01", Statement: deny })],
  ["malformed", /Statements/, JSON.stringify({ Statements: [deny] })],
  ["malformed", /Syntax errors in policy: Actions/, one({ Actions: "s3:*" })],
  ["malformed", /Invalid effect/, one({ Effect: "deny" })],
  ["malformed", /Missing required field Principal/, one({ Principal: undefined })],
  ["malformed", /Invalid principal/, one({ Principal: { AWS: `${role}s` } })],
  ["malformed", /Invalid principal/, one({ Principal: { AWS: `${role.slice(0, -2)}*` } })],
  ["malformed", /invalid action/, one({ Action: "lambda:InvokeFunction" })],
  ["malformed", /does not apply to any resource/, one({ Action: "s3:ListBucket" })],
  ["malformed", /invalid resource/, one({ Resource: "arn:aws:s3:::other/*" })],
  ["malformed", /invalid resource/, one({ Resource: "*" })],
  ["malformed", /limited to 20 KB/, one({ Sid: "x".repeat(20_480) })],
  ["public", /BlockPublicPolicy/, one(everybodyMay)],
  ["unknown", /NotPrincipal/, one({ NotPrincipal: "*" })],
  ["unknown", /NotAction/, one({ NotAction: "s3:*" })],
  ["unknown", /NotResource/, one({ NotResource: all })],
  ["unknown", /s3:GetObjekt/, one({ Action: "s3:GetObjekt" })],
  ["unknown", /kind Service/, one({ Principal: { Service: "x.amazonaws.com" } })],
  ["unknown", /whole account/, one({ Principal: { AWS: "000000000000" } })],
  ["unknown", /NumericLessThan/, one({ Condition: { NumericLessThan: { "s3:max-keys": "9" } } })],
  ["unknown", /aws:SourceIp/, one({ Condition: { StringLike: { "aws:SourceIp": "1" } } })],
  ["unknown", /variable/, one({ Resource: `arn:aws:s3:::kofn/${"$"}{aws:username}/*` })],
])("a policy is refused as %s, not passed over: %s", (kind, message, text) => {
  const read = () => readBucketPolicy(text, { bucket: "kofn", arns: [role] });
  expect(read).toThrow(message);
  expect(read).toThrow(expect.objectContaining({ kind }));
});

test("S3's own errors for those: MalformedPolicy, AccessDenied, NotImplemented", async () => {
  const folder = temporaryFolder();
  open.push({ close: folder.remove });
  const { owner, worker } = await bucket(folder.path);
  const refusal = (text: string, client = owner) =>
    put(client, text).then(
      () => "taken",
      ({ name }: Error) => name,
    );
  expect(await refusal("[]")).toBe("MalformedPolicy");
  expect(await refusal(one(everybodyMay))).toBe("AccessDenied");
  expect(await refusal(one({ NotAction: "s3:*" }))).toBe("NotImplemented");
  expect(await refusal(one({}), worker)).toBe("AccessDenied");
  const somebody = { Condition: { StringEquals: { "aws:PrincipalArn": role } } };
  expect(await refusal(one({ ...everybodyMay, ...somebody }))).toBe("taken");
});

test("the actions that policies may name are those of the operations here", () => {
  const served = s3Routes.filter(({ on, name }) => on !== "service" && name !== "DeleteObjects");
  const of = (on: string) =>
    [...new Set(served.filter((one) => one.on === on).map((one) => one.action ?? one.name))].sort();
  expect([of("bucket"), of("object")]).toEqual([bucketActions, objectActions]);
});
