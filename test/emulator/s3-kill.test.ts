import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { s3Client, s3Store } from "../../src/storage/s3.ts";
import { campaign } from "../campaign.ts";
import { entryPath } from "../entries.ts";
import { listen, temporaryFolder } from "./s3-listener.ts";

const lives = campaign(3, 100);
const script = entryPath("s3-child");

async function serve(root: string): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [script, root], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  return { child, port: Number(line.toString()) };
}

function connect(port: number) {
  const client = s3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  return { client, store: s3Store({ bucket: "killed", client, partBytes: 5 << 20 }) };
}

/** Bytes that tell which write they are of, and whether all of them are there. */
function content(label: string, size: number): Buffer {
  const body = Buffer.alloc(size, createHash("sha256").update(label).digest());
  return Buffer.concat([createHash("sha256").update(body).digest(), body]);
}

function isWhole(bytes: Uint8Array): boolean {
  const digest = createHash("sha256").update(bytes.subarray(32)).digest();
  return Buffer.compare(digest, bytes.subarray(0, 32)) === 0;
}

test("killed at any instant: what was acknowledged is there, nothing is half there", async () => {
  const folder = temporaryFolder();
  const random = randomFrom("s3-kill");
  const acknowledged = new Map<string, Buffer>();
  const won = new Set<string>();
  for (let life = 0; life < lives; life++) {
    const { child, port } = await serve(folder.path);
    const { client, store } = connect(port);
    if (life === 0) await client.send(new CreateBucketCommand({ Bucket: "killed" }));
    let alive = true;
    const gone = once(child, "exit");
    // In the middle of what the others are writing when the last of so many is acknowledged.
    let left = 10 + random.integer(30);
    const due = Promise.withResolvers<void>();
    const writer = async (name: string, sizeMax: number, once: boolean) => {
      for (let i = 0; alive; i++) {
        const key = once ? `once/${life}/${i}` : `${name}/${i % 5}`;
        const bytes = content(`${life}/${key}/${i}`, random.integer(sizeMax));
        // From here on the key may hold either version: an unacknowledged write may have happened.
        const before = acknowledged.get(key);
        acknowledged.delete(key);
        try {
          const put = once ? store.writeOnce(key, bytes) : store.write(key, bytes);
          const stored = (await put) !== false;
          if (once && stored) expect(won.has(key)).toBe(false);
          if (once && stored) won.add(key);
          if (--left === 0) due.resolve();
          if (stored) acknowledged.set(key, bytes);
          else if (before !== undefined) acknowledged.set(key, before);
        } catch (thrown) {
          if (alive) throw thrown;
          if (once && before !== undefined) acknowledged.set(key, before);
        }
      }
    };
    const writers = [
      writer("small", 20_000, false),
      writer("medium", 2 << 20, false),
      writer("parts", 14 << 20, false),
      writer("fresh", 50_000, true),
    ];
    await Promise.race([due.promise, ...writers]);
    alive = false;
    child.kill("SIGKILL");
    await Promise.all([...writers, gone]);
    client.destroy();
  }
  const served = await listen({ root: folder.path });
  const { client, store } = connect(served.port);
  try {
    const keys = await store.list("");
    expect(acknowledged.size).toBeGreaterThan(10);
    expect(won.size).toBeGreaterThan(5);
    for (const key of keys) expect(isWhole((await store.read(key))!), key).toBe(true);
    for (const [key, bytes] of acknowledged)
      expect(Buffer.compare((await store.read(key))!, bytes), key).toBe(0);
    expect(readdirSync(join(folder.path, "tmp"))).toEqual([]);
  } finally {
    client.destroy();
    await served.close();
    folder.remove();
  }
});
