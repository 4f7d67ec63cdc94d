import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockHolder, takeProcessLock } from "../../src/core/process-lock.ts";
import { kofn, newFolder, smallSpec } from "../cli/fixtures.ts";
import { entryPath } from "../entries.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let spec = "";
beforeAll(async () => {
  folder = await newFolder();
  spec = join(folder.path, "spec.yaml");
  await writeFile(spec, smallSpec);
});
afterAll(() => folder.remove());

const at = (name: string) => join(folder.path, name);

describe("a lock file", () => {
  const holder = async (path: string) => JSON.parse(await readFile(path, "utf8"));

  test("of a process whose number is another's by now counts for nothing", async () => {
    const path = at("recycled.lock");
    const own = takeProcessLock(path);
    if (!("release" in own)) throw new Error("nobody else has it");
    const mine = await holder(path);
    expect(mine).toMatchObject({ pid: process.pid, started: expect.stringMatching(/./) });
    own.release();
    // The parent lives, and did not start then.
    await writeFile(path, JSON.stringify({ ...mine, pid: process.ppid, started: "1" }));
    expect(lockHolder(path)).toBeNull();
    const taken = takeProcessLock(path);
    expect(taken).toHaveProperty("release");
    if ("release" in taken) taken.release();
    expect(existsSync(path)).toBe(false);
  });

  test("of a living process counts, as an earlier version wrote it too", async () => {
    const path = at("living.lock");
    await writeFile(path, `${process.ppid}\n`);
    expect(takeProcessLock(path)).toEqual({ heldBy: process.ppid });
    rmSync(path);
    const own = takeProcessLock(path);
    expect(takeProcessLock(path)).toEqual({ heldBy: process.pid });
    if ("release" in own) own.release();
  });

  test("of another container counts for as long as it is touched", async () => {
    const path = at("container.lock");
    await writeFile(path, JSON.stringify({ pid: 1, started: "7", space: "elsewhere" }));
    expect(lockHolder(path)).toBe(1);
    await utimes(path, 1_000_000, 1_000_000);
    expect(lockHolder(path)).toBeNull();
  });

  test("that was never finished counts for nothing", async () => {
    const path = at("empty.lock");
    await writeFile(path, "");
    expect(lockHolder(path)).toBeNull();
  });
});

test("a stale address is not believed, whatever answers there", async () => {
  const home = at("stale");
  await mkdir(home);
  const server = createServer((_request, response) => void response.end("welcome"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const environment = { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`, AWS_REGION: "us-east-1" };
  await writeFile(join(home, "emulator.json"), JSON.stringify({ pid: 1, environment }));
  try {
    const { exitCode, err } = await kofn(home, "simulate", spec, "--name", "one");
    expect(exitCode, err).toBe(0);
    expect((await kofn(home, "list")).out).toMatch(/one/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

describe("several in one home", () => {
  test("runs go on side by side, and each comes to what it comes to alone", async () => {
    const digestOf = (out: string) => /"weightsDigest":"(\w+)"/.exec(out)?.[1];
    const seeds = [1, 2, 3];
    const run = (home: string, seed: number) =>
      kofn(home, "simulate", spec, "--json", "--set", `seed=${seed}`, "--name", `run-${seed}`);
    const together = await Promise.all(seeds.map((seed) => run(at("together"), seed)));
    for (const [i, { exitCode, out, err }] of together.entries()) {
      expect(exitCode, err).toBe(0);
      expect(digestOf(out)).toBe(digestOf((await run(at(`alone-${i}`), seeds[i]!)).out));
    }
    expect((await kofn(at("together"), "list", "--json")).out.trim().split("\n")).toHaveLength(4);
  });

  test("a resume of a run that another process works on says so", async () => {
    const home = at("resumed");
    expect((await kofn(home, "simulate", spec, "--name", "one", ...cut)).exitCode).toBe(4);
    const held = takeProcessLock(join(home, "working", "one.lock"));
    const { exitCode, err } = await kofn(home, "resume", "one");
    expect(exitCode, err).toBe(2);
    expect(err).toMatch(/error: one is running in/);
    expect(err).toMatch(/hint: kofn watch one/);
    if ("release" in held) held.release();
    expect((await kofn(home, "resume", "one", ...more)).exitCode).toBe(0);
  });
});

const cut = ["--set", "stop.seconds=0.2"];
const more = ["--set", "stop.seconds=1000"];

describe.runIf(existsSync("/dev/full"))("an output that takes nothing", () => {
  const main = entryPath("main");

  test("is told of on standard error, and in the exit code", async () => {
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [main, "list"], {
      env: { ...process.env, KOFN_HOME: at("together"), NO_COLOR: "1" },
      stdio: ["ignore", full, "pipe"],
    });
    closeSync(full);
    let err = "";
    child.stderr!.on("data", (chunk: Buffer) => (err += chunk.toString()));
    const exitCode = await new Promise((resolve) => child.once("close", resolve));
    expect(err).toMatch(/^error: the output cannot be written: .*ENOSPC/);
    expect(err).toMatch(/^hint: /m);
    expect(err).not.toMatch(/^\s+at /m);
    expect(exitCode).toBe(2);
  });
});
