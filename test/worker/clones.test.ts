import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test, vi } from "vitest";
import { newSecret } from "../../src/privacy/mechanisms/secret-draws.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { createBucket, s3Client, s3Store } from "../../src/storage/s3.ts";
import { nodeSecret } from "../../src/tasks/node-secret.ts";
import { listen, temporaryFolder } from "../emulator/s3-listener.ts";
import { readTexts } from "../style/source-tree.ts";

/** The generators of a process's own, as clones have them: the same state, the same numbers. */
vi.mock("node:crypto", async (load) => ({
  ...(await load<typeof import("node:crypto")>()),
  randomUUID: () => "6c84fb90-12c4-11e1-840d-7b25c5ee775a",
  randomBytes: (count: number) => Buffer.alloc(count, 7),
}));

const run = promisify(execFile);

test("two processes from one image of a worker's memory draw different noise", async () => {
  const folder = temporaryFolder();
  const [script, image] = ["clone.cjs", "image"].map((name) => join(folder.path, name));
  try {
    await build({
      entryPoints: [join(import.meta.dirname, "../fixtures/clone.ts")],
      ...{ outfile: script!, bundle: true, platform: "node", format: "cjs", logLevel: "error" },
    });
    await run(process.execPath, ["--snapshot-blob", image!, "--build-snapshot", script!]);
    const resume = async () => {
      const { stdout } = await run(process.execPath, ["--snapshot-blob", image!]);
      return JSON.parse(stdout) as Record<"before" | "noise" | "again", unknown[]> &
        Record<"uuid" | "id", string>;
    };
    const [one, other] = [await resume(), await resume()];
    // That they are clones: what was in memory is the same, and so is what Node keeps ready there.
    expect(one.before).toEqual(other.before);
    expect(one.uuid).toBe(other.uuid);
    expect(one.id).not.toBe(other.id);
    const noise = [...one.noise, ...other.noise].map((words) => JSON.stringify(words));
    expect(new Set(noise).size).toBe(4);
    // A retry repeats its noise instead of publishing twice.
    expect([one.again, other.again]).toEqual([one.noise[0], other.noise[0]]);
  } finally {
    folder.remove();
  }
});

test("where a process's generators repeat themselves, secrets do not", async () => {
  expect(newSecret()).not.toEqual(newSecret());
  const store = memoryStore();
  const [first, second] = [await nodeSecret(store, "a", 0), await nodeSecret(store, "a", 1)];
  expect(first).not.toEqual(second);
});

test("of two clones that write an object once one does, and both go by what it says", async () => {
  const folder = temporaryFolder();
  const server = await listen({ root: folder.path });
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = s3Client({ endpoint: server.endpoint, region: "us-east-1", credentials });
  try {
    await createBucket(client, "kofn");
    const clones = [0, 1].map(() => s3Store({ bucket: "kofn", client }));
    const wrote = clones.map((store, i) => store.writeOnce("epoch", new Uint8Array([i])));
    expect((await Promise.all(wrote)).sort()).toEqual([false, true]);
    const [mine, theirs] = await Promise.all(clones.map((store) => nodeSecret(store, "run", 0)));
    expect(mine).toEqual(theirs);
  } finally {
    client.destroy();
    await server.close();
    folder.remove();
  }
});

test("nothing that is deployed draws from a generator that clones share", () => {
  const root = join(import.meta.dirname, "../..");
  const local = /^src\/(emulator|platform\/local|simulation|ui|core\/(process-lock|fresh-random))/;
  const texts = readTexts(root, ["src", "functions"], [".ts"]);
  const found = Object.entries(texts).filter(
    ([path, text]) =>
      !local.test(path) && path !== "src/storage/disk.ts" && /\brandom(UUID|Bytes)\(/.test(text),
  );
  expect(found.map(([path]) => path)).toEqual([]);
});
