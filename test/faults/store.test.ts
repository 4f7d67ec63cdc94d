import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { S3Faults } from "../../src/emulator/s3/faults.ts";
import { createBucket, s3Client, s3Store } from "../../src/storage/s3.ts";
import { listS3, openS3 } from "../../src/storage/s3-source.ts";
import { answering } from "../cli/aws-answers.ts";
import { type Listening, listen, temporaryFolder } from "../emulator/s3-listener.ts";
import { given, illCloud, undisturbed } from "./cloud.ts";

const credentials = { accessKeyId: "local", secretAccessKey: "local" };
const folder = temporaryFolder();
let served: Listening;
let client: ReturnType<typeof s3Client>;

beforeAll(async () => {
  served = await listen({ root: folder.path });
  client = s3Client({ endpoint: served.endpoint, region: "us-east-1", credentials });
  await createBucket(client, "faults");
});
afterAll(async () => {
  client.destroy();
  await served.close();
  folder.remove();
});

const store = () => s3Store({ bucket: "faults", client });

/** Under these faults; afterwards the server is well again. */
async function under<T>(faults: S3Faults, work: () => Promise<T>): Promise<T> {
  served.s3.setFaults(faults);
  try {
    return await work();
  } finally {
    served.s3.setFaults({});
  }
}

describe("listings", () => {
  const keys = Array.from({ length: 23 }, (_, i) => `list/${String(i).padStart(2, "0")} ü&`);
  beforeAll(() => Promise.all(keys.map((key) => store().write(key, Uint8Array.of(1)))));

  test("in pages of one key, each cut in the middle now and then, are whole", async () => {
    const before = served.s3.counts();
    const faults = { pageKeysMax: 1, cut: 0.4, slowDown: 0.1, seed: 5 };
    expect(await under(faults, () => store().list("list/"))).toEqual(keys);
    const { requests, faultsInjected } = served.s3.counts();
    expect(requests - before.requests).toBeGreaterThan(keys.length + 5);
    expect(faultsInjected - before.faultsInjected).toBeGreaterThan(5);
  });

  const page = (more: string) => ({
    status: 200,
    headers: { "content-type": "application/xml" },
    body:
      "<ListBucketResult><Name>b</Name><KeyCount>1</KeyCount><IsTruncated>true</IsTruncated>" +
      `${more}<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>`,
  });
  const again = "<NextContinuationToken>t</NextContinuationToken>";
  test.each([
    ["without a token", page("")],
    ["whose token leads back to it", page(again)],
  ])("that say there is more, %s, are refused instead of cut short", async (_what, answer) => {
    await using other = await answering(answer);
    const config = { endpoint: other.url, region: "us-east-1", credentials };
    const partial = s3Store({ bucket: "b", client: s3Client(config) });
    await expect(partial.list("")).rejects.toThrow(/the listing of b\/ broke off after \d keys/);
  });
});

describe("bodies cut in the middle", () => {
  const bytes = Uint8Array.from({ length: 900_000 }, (_, i) => i % 251);
  beforeAll(() => store().write("large", bytes));

  test("are read again", async () => {
    const read = await under({ cut: 0.6, seed: 2 }, () => store().read("large"));
    expect(read).toEqual(bytes);
  });

  test("go on behind what has come, where data are read as a stream or in ranges", async () => {
    await under({ cut: 0.5, seed: 4 }, async () => {
      const source = await openS3("s3://faults/large", client);
      const chunks: Uint8Array[] = [];
      for await (const chunk of source.bytes()) chunks.push(chunk);
      expect(chunks.length).toBeGreaterThan(1);
      expect(new Uint8Array(Buffer.concat(chunks))).toEqual(bytes);
      expect(await source.range(1_000, 400_000)).toEqual(bytes.slice(1_000, 400_000));
    });
  });

  test("for ever are an error in the end", async () => {
    await under({ cut: 1 }, () => expect(store().read("large")).rejects.toThrow());
  });
});

test("a prefix or a pattern stands for the objects below it, with what folders say", async () => {
  for (const key of ["t/k=1/a.csv", "t/k=2/b.csv", "t/_SUCCESS", "u.csv"])
    await store().write(key, Uint8Array.of(1));
  const found = async (address: string) => {
    const files = await listS3(address, client);
    return files.map(({ source, partition }) => [source, partition.k]);
  };
  const both = [
    ["s3://faults/t/k=1/a.csv", "1"],
    ["s3://faults/t/k=2/b.csv", "2"],
  ];
  expect(await found("s3://faults/t/")).toEqual(both);
  expect(await found("s3://faults/t/*/*.csv")).toEqual(both);
  expect(await found("s3://faults/u.csv")).toEqual([["s3://faults/u.csv", undefined]]);
  await expect(found("s3://faults/none/")).rejects.toThrow(/no object is there/);
});

test("bursts of 503 SlowDown: what is asked for is refused twice running", async () => {
  const before = served.s3.counts().faultsInjected;
  await under({ slowDownFirst: 2 }, async () => {
    const one = store();
    await Promise.all([
      one.write("slow/1", Uint8Array.of(1)),
      one.write("slow/2", Uint8Array.of(2)),
    ]);
    expect(await Promise.all([one.read("slow/1"), one.list("slow/"), one.read("none")])).toEqual([
      Uint8Array.of(1),
      ["slow/1", "slow/2"],
      null,
    ]);
  });
  expect(served.s3.counts().faultsInjected - before).toBe(10);
});

test("replies cut, reset, refused: a third of all requests, workers' and ours", async () => {
  const s3 = { cut: 0.1, reset: 0.1, slowDown: 0.05, internalError: 0.05, conflict: 0.05 };
  await using cloud = await illCloud({ faults: { s3 } });
  const { end, result } = await cloud.train({ spec: { ...given, optimizer: "l-bfgs" } });
  expect(end.stop.kind).toBe("done");
  expect(result.weightsDigest).toBe(await undisturbed({ ...given, optimizer: "l-bfgs" }));
});
