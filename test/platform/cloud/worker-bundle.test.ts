import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { zipBytes } from "../../../bench/startup/load.ts";
import { bundleFolder } from "../../../src/platform/local/paths.ts";

const loaded = `
  globalThis.awslambda = { streamifyResponse: (handler) => handler };
  const before = new Set(process.moduleLoadList);
  await import(process.env.BUNDLE);
  console.log(JSON.stringify(process.moduleLoadList.filter((name) => !before.has(name))));
  process.exit();
`;

test("the worker's bundle loads without the S3 client and what that needs of Node", async () => {
  const bundle = pathToFileURL(join(await bundleFolder("worker"), "worker.mjs")).href;
  const parameters = ["--input-type=module", "--eval", loaded];
  const env = { PATH: process.env.PATH, BUNDLE: bundle };
  const modules = execFileSync(process.execPath, parameters, { env, encoding: "utf8" });
  for (const large of ["crypto", "http", "https", "tls", "zlib", "fs/promises", "worker_threads"])
    expect(JSON.parse(modules), large).not.toContain(`NativeModule ${large}`);
});

test("a cold start reads one file, and what comes later finds its parts in it", async () => {
  const folder = await bundleFolder("worker");
  const entry = await readFile(join(folder, "worker.mjs"), "utf8");
  expect(entry).not.toMatch(/\bimport(\{[^}]*\}from)?"\.\//);
  const [, client] = /import\("\.\/(s3-\w+\.mjs)"\)/.exec(entry)!;
  expect(await readFile(join(folder, client!), "utf8")).toMatch(/\bfrom"\.\/worker\.mjs"/);
  const { s3Store } = await import(pathToFileURL(join(folder, client!)).href);
  expect(typeof s3Store).toBe("function");
});

test("the first request to S3 loads Node's http without its fetch", async () => {
  const folder = await bundleFolder("worker");
  const late = (await readdir(folder)).filter((name) => /^http-\w+\.mjs$/.test(name));
  expect(late).not.toEqual([]);
  for (const name of late) {
    const bundle = pathToFileURL(join(folder, name)).href;
    const parameters = ["--input-type=module", "--eval", loaded];
    const env = { PATH: process.env.PATH, BUNDLE: bundle };
    const modules = JSON.parse(
      execFileSync(process.execPath, parameters, { env, encoding: "utf8" }),
    );
    expect(modules).toContain("NativeModule http");
    expect(modules).not.toContain("NativeModule internal/deps/undici/undici");
  }
});

test("zipped, the worker's bundle is below a megabyte", async () => {
  const bytes = zipBytes(await bundleFolder("worker"));
  expect(bytes).toBeGreaterThan(100_000);
  expect(bytes).toBeLessThan(1_000_000);
});

test("the worker's bundle holds no optimizers, which only a pipeline's stages apply", async () => {
  const sourceOf = async (name: "worker" | "network-worker") => {
    const folder = await bundleFolder(name);
    return readFile(join(folder, `${name}.mjs`), "utf8");
  };
  expect(await sourceOf("worker")).not.toContain("schedule-free");
  expect(await sourceOf("network-worker")).toContain("schedule-free");
});

test("zipped, what computes networks is below five megabytes, and in no other worker", async () => {
  const bytes = zipBytes(await bundleFolder("network-worker"));
  expect(bytes).toBeGreaterThan(500_000);
  expect(bytes).toBeLessThan(5_000_000);
  const ordinary = await readdir(await bundleFolder("worker"));
  expect(ordinary.filter((name) => name.endsWith(".wasm"))).toEqual([]);
  const sources = ordinary.map(async (name) =>
    readFile(join(await bundleFolder("worker"), name), "utf8"),
  );
  for (const source of await Promise.all(sources))
    expect(source).not.toContain("tfjs-backend-wasm.wasm");
});
