import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildInfra } from "../../scripts/build-infra.ts";
import { temporaryHome } from "../scenarios/workplace.ts";

const root = join(import.meta.dirname, "../..");

/** In a folder of somebody else's, with the package as it is published below node_modules. */
async function elsewhere(path: string, files: Readonly<Record<string, string>>) {
  const kofn = join(path, "node_modules/kofn");
  mkdirSync(kofn, { recursive: true });
  cpSync(join(root, "package.json"), join(kofn, "package.json"));
  await buildInfra(join(kofn, "dist/infra"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: path,
      encoding: "utf8",
    });
    return { status, told: `${stdout}${stderr}` };
  };
}

test("kofn/infra is JavaScript to Node: it loads without SST, and uses its globals", async () => {
  await using place = await temporaryHome();
  const node = await elsewhere(place.path, {
    "app.mjs": `import * as infra from "kofn/infra";
console.log(Object.keys(infra).join());
try { infra.deployKofn({ monthlyUsd: 0 }); } catch (thrown) { console.log(thrown.message); }
globalThis.$app = { stage: "mine", removal: "remove" };
try { infra.deployKofn(); } catch (thrown) { console.log(thrown.message); }`,
  });
  const { status, told } = node("app.mjs");
  expect(told.trim().split("\n")).toEqual([
    "deployKofn",
    expect.stringMatching(/^monthlyUsd: got 0, expected a number above 0/),
    "sst is not defined",
  ]);
  expect(status).toBe(0);
});

test("kofn/infra has types for whoever knows none of SST's", async () => {
  await using place = await temporaryHome();
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const node = await elsewhere(place.path, {
    "right.mts": `import { type Deployed, deployKofn, type Settings } from "kofn/infra";
const settings: Partial<Settings> = { prefix: "Training", concurrency: 4 };
export const made: Deployed = deployKofn(settings);
made.bucket.apply((name: string) => name.length);`,
    "wrong.mts": `import { deployKofn } from "kofn/infra";
deployKofn({ prefx: "Training" });`,
  });
  const check = (file: string) =>
    node(tsc, "--ignoreConfig", "--noEmit", "--strict", "--module", "nodenext", file);
  expect(check("right.mts")).toEqual({ status: 0, told: "" });
  const { status, told } = check("wrong.mts");
  expect([status, told]).toEqual([expect.any(Number), expect.stringMatching(/'prefx'/)]);
  expect(status).not.toBe(0);
});
