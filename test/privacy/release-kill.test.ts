import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { messageEpsilon } from "../../src/privacy/accountants/additive.ts";
import { openLedger } from "../../src/privacy/ledger/ledger.ts";
import { s3Client, s3Store } from "../../src/storage/s3.ts";
import { ledgerPrefix, nodeMessageKey } from "../../src/store-layout.ts";
import { campaign } from "../campaign.ts";
import { listen, temporaryFolder } from "../emulator/s3-listener.ts";

/** Between drawing, storing and returning: every write of a release, and the reply. */
const instants = [
  "before-ledger",
  "after-ledger",
  "before-message",
  "after-message",
  "after-commit",
  "returning",
];
const runs = campaign(1, 4);
/** The part has every instant once, of each run another first. */
const deathsPerRun = campaign(6, 25);
const deathsCount = runs * deathsPerRun;

test(`22: killed ${deathsCount} times between drawing, storing and returning`, async () => {
  const folder = temporaryFolder();
  const served = await listen({ root: `${folder.path}/s3` });
  const client = s3Client({
    endpoint: served.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  await client.send(new CreateBucketCommand({ Bucket: "killed" }));
  const store = s3Store({ bucket: "killed", client });
  const script = `${folder.path}/bundle/release-child.mjs`;
  await build({
    entryPoints: [join(import.meta.dirname, "release-child.ts")],
    outdir: `${folder.path}/bundle`,
    // What is loaded on demand stays apart: a start loads what a worker's does.
    splitting: true,
    outExtension: { ".js": ".mjs" },
    ...{ bundle: true, platform: "node", format: "esm", minify: true, logLevel: "error" },
    external: ["@tensorflow/*"],
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire("/");' },
  });
  let deaths = 0;
  /** A node's life after life; replies are what some life got to say. */
  const chain = async (name: string, offset: number) => {
    const replies = new Map<number, Set<string>>();
    const found = new Map<number, string>();
    let round = 1;
    for (let life = 0; life < deathsPerRun; life++) {
      const instant = instants[(life + offset) % instants.length]!;
      const started = [script, served.endpoint, name, String(round), instant];
      const child = spawn(process.execPath, started, { stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      const [, signal] = (await once(child, "close")) as [number | null, string | null];
      expect(signal).toBe("SIGKILL");
      deaths++;
      for (const line of said.trim().split("\n").filter(Boolean)) {
        const [at, hex] = line.split(" ") as [string, string];
        round = Math.max(round, Number(at) + 1);
        replies.set(Number(at), (replies.get(Number(at)) ?? new Set()).add(hex));
      }
      // What was stored before a death is what is there after the next life.
      const bytes = await store.read(nodeMessageKey(name, round, 0));
      if (bytes !== null) found.set(round, Buffer.from(bytes).toString("hex"));
    }
    // Behind the numbers of a message is their digest.
    const numbersOf = (hex: string) => hex.slice(0, -64);
    const stored = new Map<number, string>();
    for (const key of await store.list(`runs/${name}/round/`)) {
      const at = Number(/round\/(\d+)\//.exec(key)![1]);
      stored.set(at, Buffer.from((await store.read(key))!).toString("hex"));
    }
    for (const [at, said] of replies)
      expect([...said], `round ${at}`).toEqual([numbersOf(stored.get(at)!)]);
    for (const [at, hex] of found) expect(stored.get(at)).toBe(hex);
    const budget = { epsilon: 1, delta: 1e-5, account: messageEpsilon };
    const entries = await openLedger(store, ledgerPrefix(name, 0), budget).entries();
    const ids = entries.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const at of stored.keys()) expect(ids).toContain(`round/${at}/node/0`);
    expect(ids.length - stored.size).toBeLessThanOrEqual(1);
    expect(stored.size).toBeGreaterThanOrEqual(deathsPerRun - 1);
  };
  try {
    const names = Array.from({ length: runs }, (_, i) => `run-${i}`);
    for (const pair of [names.slice(0, 2), names.slice(2)])
      await Promise.all(pair.map((name, i) => chain(name, i + Number(name.at(-1)))));
    expect(deaths).toBe(deathsCount);
  } finally {
    client.destroy();
    await served.close();
    folder.remove();
  }
});
