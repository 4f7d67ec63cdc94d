import { appendFileSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { folderStore } from "../../../src/platform/local/folder-store.ts";
import { openHome, readHome } from "../../../src/platform/local/home.ts";
import { s3Client } from "../../../src/storage/s3.ts";
import { newFolder } from "../../cli/fixtures.ts";
import { listen } from "../../emulator/s3-listener.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let fresh = 0;
const root = () => join(folder.path, `s3-${fresh++}`);
const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());

beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

test("a server reads what the folder's store wrote, and the other way round", async () => {
  const at = root();
  const direct = folderStore(at, "kofn");
  await direct.write("runs/a b/é", Buffer.from("directly"));
  const served = await listen({ root: at });
  const client = s3Client({
    endpoint: served.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const Bucket = "kofn";
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "runs/a b/é" }));
  expect(await Body?.transformToString()).toBe("directly");
  await client.send(new PutObjectCommand({ Bucket, Key: "served", Body: "by HTTP" }));
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(2);
  client.destroy();
  await served.close();
  expect(text(await direct.read("served"))).toBe("by HTTP");
  expect(await direct.list("")).toEqual(["runs/a b/é", "served"]);
});

test("of threads that write once, one wins, and all see its bytes", async () => {
  const at = root();
  const names = ["a", "b", "c", "d"];
  const store = folderStore(at, "kofn");
  const module = new URL("../../../src/platform/local/folder-store.ts", import.meta.url).href;
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(${JSON.stringify(module)}).then(async ({ folderStore }) => {
      const store = folderStore(workerData.at, "kofn");
      const won = [];
      for (let i = 0; i < 50; i++)
        won.push(await store.writeOnce("k/" + i, Buffer.from(workerData.name)));
      parentPort.postMessage(won);
    });`;
  const won = await Promise.all(
    names.map(
      (name) =>
        new Promise<boolean[]>((resolve, reject) => {
          const thread = new Worker(code, { eval: true, workerData: { at, name } });
          thread.once("message", resolve).once("error", reject);
        }),
    ),
  );
  for (let i = 0; i < 50; i++) {
    const winners = names.filter((_, n) => won[n]![i]);
    expect(winners.length).toBe(1);
    expect(text(await store.read(`k/${i}`))).toBe(winners[0]);
  }
  expect((await store.list("k/")).length).toBe(50);
});

test("without the list of keys, damaged or cut short, every object is found", async () => {
  const at = root();
  const keys = ["parts/1", "parts/2", "runs/x\ny"];
  for (const key of keys) await folderStore(at, "kofn").write(key, Buffer.from(key));
  const list = join(at, "buckets/kofn/keys");
  for (const damage of [
    () => truncateSync(list, 13),
    () => writeFileSync(list, '"parts/7"\nnothing\n{"a":1}\n"half'),
    () => appendFileSync(list, '"runs/gone"\n'),
    () => writeFileSync(list, ""),
  ]) {
    damage();
    expect(await folderStore(at, "kofn").list("")).toEqual(keys);
  }
});

test("the list of keys forgets objects that are gone; whoever had read it goes on", async () => {
  const at = root();
  const [one, other] = [folderStore(at, "kofn"), folderStore(at, "kofn")];
  await one.write("stays", Buffer.from("x"));
  expect(await other.list("")).toEqual(["stays"]);
  const list = join(at, "buckets/kofn/keys");
  const gone = Array.from({ length: 12_000 }, (_, i) => `"memory/${i}"\n`).join("");
  appendFileSync(list, gone);
  await other.write("second", Buffer.from("y"));
  expect(await one.list("")).toEqual(["second", "stays"]);
  expect(statSync(list).size).toBeLessThan(100);
  await one.write("third", Buffer.from("z"));
  expect(await other.list("")).toEqual(["second", "stays", "third"]);
});

test("a file that was cut short is no object, and nothing is left aside", async () => {
  const at = root();
  const store = folderStore(at, "kofn");
  await store.write("a", Buffer.alloc(300_000, 1));
  await store.write("b", Buffer.alloc(300, 1));
  expect(readdirSync(join(at, "aside"))).toEqual([]);
  for (const name of readdirSync(join(at, "buckets/kofn/objects")))
    truncateSync(join(at, "buckets/kofn/objects", name), 200);
  expect(await store.read("a")).toBeNull();
  expect(await store.read("b")).toBeNull();
});

test("what others change is seen at once, also in a list that was read before", async () => {
  const at = root();
  const [mine, theirs] = [folderStore(at, "kofn"), folderStore(at, "kofn")];
  for (let i = 0; i < 20; i++) {
    await theirs.write(`k/${i}`, Buffer.from("x"));
    expect((await mine.list("k/")).length).toBe(i + 1);
  }
  await theirs.remove("k/3");
  expect(await mine.list("k/")).not.toContain("k/3");
});

test("a home that is read while a run has it says so, and keeps nobody from it", async () => {
  const path = join(folder.path, "home");
  const reading = await readHome(path);
  const running = await openHome(path);
  expect([reading.isLive, running.isLive]).toEqual([false, false]);
  const during = await readHome(path);
  expect(during.isLive).toBe(true);
  await running.store.write("k", Buffer.from("while it runs"));
  expect(text(await during.store.read("k"))).toBe("while it runs");
  await running.close();
  expect((await readHome(path)).isLive).toBe(false);
});
