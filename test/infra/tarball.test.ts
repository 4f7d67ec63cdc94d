import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installed, type Packed, packed, programs } from "./tarball.ts";

/*
 * What a stranger gets: the packed tarball, installed in an empty folder without a network, and
 * without TensorFlow.js, which nothing here needs.
 */

const foreignMembers = join(import.meta.dirname, "../fixtures/foreign-members.mjs");

let folder = "";
let place = "";
let tarball: Packed;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kofn-tarball-"));
  tarball = await packed(folder);
  place = installed(folder, tarball.tarball);
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 2 ? "odd" : "even"},${2 * i}`);
  writeFileSync(join(place, "rows.csv"), `x,kind,y\n${rows.join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = `{
  problem: { type: "ridge" },
  data: { source: "rows.csv", target: "y" },
  workers: 4,
  stop: { rounds: 3, patience: 60 },
}`;
const options = `{ backend: "simulated", home: "home" }`;

describe("the tarball", () => {
  test("holds TensorFlow's WASM once, and nothing of examples but how they are written", () => {
    const names = tarball.files.map(({ path }) => path.split("/").at(-1)!);
    for (const name of ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"])
      expect(names.filter((one) => one === name)).toEqual([name]);
    const paths = tarball.files.map(({ path }) => path);
    expect(paths).toContain("examples/houses/run.yaml");
    expect(paths.filter((path) => /^examples\/.*\.(csv|tsv|txt)$/.test(path))).toEqual([]);
    expect(paths.filter((path) => /leftovers\.json|built-from/.test(path))).toEqual([]);
  });

  test("trains from an ES module; no TensorFlow.js is loaded", () => {
    const node = programs(place, {
      "esm.mjs": `import { train } from "kofn";
const { stop, result } = await train(${spec}, ${options});
console.log(stop, result.rounds);`,
    });
    const { output, loaded } = node("esm.mjs");
    expect(output).toBe("done 3\n");
    expect(loaded.filter((url) => url.includes("/kofn/dist/")).length).toBeGreaterThan(100);
    expect(loaded.filter((url) => /tensorflow|\/tfjs\//.test(url))).toEqual([]);
  });

  test("trains from CommonJS", () => {
    const node = programs(place, {
      "cjs.cjs": `const { train } = require("kofn");
train(${spec}, ${options}).then(({ stop, result }) => console.log(stop, result.rounds));`,
    });
    expect(node("cjs.cjs").output).toBe("done 3\n");
  });

  test("its workers know the members that a program registers", () => {
    cpSync(foreignMembers, join(place, "members.mjs"));
    const node = programs(place, {
      "own.mjs": `import { registerProblem } from "kofn";
import { good } from "./members.mjs";
registerProblem({ name: "by-the-book", summary: "least squares", create: () => good.myProblem });`,
      "workers.mjs": `import { registerModule, train } from "kofn";
await registerModule("own.mjs");
const spec = { ...${spec.replace('"ridge"', '"by-the-book"')}, wait: "all" };
const on = async (backend) => (await train(spec, { backend, home: "home" })).result.weightsDigest;
const digests = new Set([await on("simulated"), await on("threads"), await on("emulated")]);
console.log(digests.size);`,
    });
    expect(node("workers.mjs").output).toBe("1\n");
  });

  test("kofn/worker and kofn/infra are imported outside of Lambda and SST", () => {
    const node = programs(place, {
      "worker.mjs": `import { createWorkerFunction } from "kofn/worker";
import { createOrchestratorFunction } from "kofn/orchestrator";
import { deployKofn } from "kofn/infra";
const handler = createWorkerFunction({ bucket: "none" });
const context = { getRemainingTimeInMillis: () => 1000 };
await handler({ version: 0 }, { end() {} }, context).catch((thrown) => console.log(thrown.code));
console.log(typeof createOrchestratorFunction, typeof deployKofn);`,
    });
    expect(node("worker.mjs").output).toBe("other-version\nfunction function\n");
  });

  test("kofn --version loads two files", () => {
    const node = programs(place, {});
    const { output, loaded } = node("node_modules/kofn/dist/src/cli/main.js", "--version");
    expect(output).toMatch(/^\d+\.\d+\.\d+\n$/);
    const files = loaded.map((url) => url.split("/").at(-1));
    expect(files).toEqual(["main.js", "version.js"]);
  });

  test("has types that strict TypeScript takes, from both kinds of module", () => {
    const typed = `const spec = defineRun(${spec});
export const trained: Promise<Trained> = train(spec, ${options});`;
    const node = programs(place, {
      "right.mts": `import { defineRun, train, type Trained } from "kofn";
import type { WorkerHandler } from "kofn/worker";
import type { Settings } from "kofn/infra";
${typed}
export type Both = [WorkerHandler, Settings];`,
      "right.cts": `import { defineRun, train, type Trained } from "kofn";\n${typed}`,
      "wrong.mts": `import { train } from "kofn";\ntrain({ problem: "ridge" });`,
    });
    const tsc = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
    const strict = ["--ignoreConfig", "--noEmit", "--strict", "--module", "nodenext"];
    const { output } = node(tsc, ...strict, "right.mts", "right.cts", "wrong.mts");
    expect(output).toMatch(/'data'/);
    expect(output.match(/^\S.*error TS/gm)).toEqual([expect.stringMatching(/^wrong\.mts/)]);
  });
});
