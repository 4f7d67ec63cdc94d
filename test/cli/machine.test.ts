import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { machineFailureOf } from "../../src/core/machine-failures.ts";
import { entryPath } from "../entries.ts";
import { kofnProcess, newFolder, smallSpec } from "./fixtures.ts";

test("a shortage of the machine's is told in words, wherever it is behind", () => {
  const refused = (code: string, path?: string) =>
    Object.assign(new Error(`${code}: no`), { code, syscall: "open", path });
  const files = machineFailureOf(refused("EMFILE", "/a/b"), "/home");
  expect(files).toMatchObject({ code: "too-many-files", kind: "unfinished" });
  expect(files!.message).toBe("/a/b: this process has as many files open as it may (EMFILE)");
  const behind = new Error("could not start", { cause: refused("ENOSPC") });
  expect(machineFailureOf(behind, "/home")).toMatchObject({ code: "disk-full" });
  expect(machineFailureOf(refused("ENOENT", "/nowhere/at/all"), "/nowhere")).toMatchObject({
    code: "home-gone",
  });
  expect(machineFailureOf(refused("ENOENT", "/elsewhere"), "/nowhere")).toBeNull();
  expect(machineFailureOf(new TypeError("x of undefined"), "/nowhere")).toBeNull();
});

test("with 40 descriptors a run ends as ever, or says what it lacks", async () => {
  const folder = await newFolder();
  try {
    const spec = join(folder.path, "spec.yaml");
    await writeFile(spec, smallSpec);
    const command = 'ulimit -n 40; exec "$0" "$1" simulate "$2"';
    const child = spawn("/bin/sh", ["-c", command, process.execPath, entryPath("main"), spec], {
      env: { ...process.env, KOFN_HOME: join(folder.path, "home"), NO_COLOR: "1" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    child.stderr!.on("data", (chunk: Buffer) => (err += chunk.toString()));
    const exitCode = await new Promise((resolve) => child.once("close", resolve));
    expect([0, 3], err).toContain(exitCode);
    if (exitCode === 3) expect(err).toMatch(/^error: .*files open[\s\S]*^hint: .*ulimit/m);
    expect(err).not.toMatch(/a fault in kofn|^\s+at /m);
  } finally {
    await folder.remove();
  }
});

test.each([24, 32, 39])("with %i descriptors nothing is begun, and it says why", async (most) => {
  const folder = await newFolder();
  try {
    const spec = join(folder.path, "spec.yaml");
    await writeFile(spec, smallSpec);
    const command = `ulimit -n ${most}; exec "$0" "$1" simulate "$2"`;
    const child = spawn("/bin/sh", ["-c", command, process.execPath, entryPath("main"), spec], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    child.stderr!.on("data", (chunk: Buffer) => (err += chunk.toString()));
    expect(await new Promise((resolve) => child.once("close", resolve)), err).toBe(3);
    expect(err).toBe(
      `error: only ${most} files may be open here, and kofn needs 40\n` +
        "hint: raise the limit of this shell: ulimit -n 4096\n",
    );
  } finally {
    await folder.remove();
  }
});

test("a home that is removed underneath a run: words, and no stack", async () => {
  const folder = await newFolder();
  try {
    const spec = join(folder.path, "spec.yaml");
    await writeFile(spec, smallSpec);
    const home = join(folder.path, "home");
    const long = ["--set", "stop.rounds=100000", "--set", "stop.tolerance=0"];
    const running = kofnProcess({ home }, "run", spec, "--backend", "threads", "--json", ...long);
    await running.says(/"type":"round"/);
    await rm(home, { recursive: true, force: true, maxRetries: 9 });
    const { exitCode, err } = await running.ended;
    expect(exitCode, err).toBe(3);
    expect(err).toMatch(/error: .*home.*: it was removed while it was in use/);
    expect(err).toMatch(/^hint: put a copy back and resume/m);
    expect(err).not.toMatch(/a fault in kofn|^\s+at /m);
  } finally {
    await folder.remove();
  }
});
