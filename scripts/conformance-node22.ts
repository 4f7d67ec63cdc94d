import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packed } from "../test/infra/tarball.ts";

/** The oldest line that `engines` allows, at its end of 2025. */
const nodeVersion = "22.21.1";

/**
 * The packed tarball, installed and used under Node 22: from the command line, an ES module and
 * CommonJS. Prints a line for each use. Returns whether all work.
 */
export async function conformanceNode22(): Promise<boolean> {
  const node = installedNode();
  const failed: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), "kofn-node22-"));
  try {
    const { tarball } = await packed(folder);
    const place = join(folder, "app");
    mkdirSync(place);
    writeFileSync(join(place, "package.json"), '{ "private": true }');
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts"];
    execFileSync("npm", ["install", ...quiet, tarball], { cwd: place, stdio: "ignore" });
    writeFileSync(join(place, "rows.csv"), rows());
    for (const [name, text] of Object.entries(programs)) writeFileSync(join(place, name), text);
    const kofn = join(place, "node_modules/kofn/dist/src/cli/main.js");
    const run = ["run", "rows.csv", "--target", "y", "--set", "workers=4", "--set", "wait=all"];
    const few = ["--set", "stop.rounds=3"];
    for (const [what, ...args] of [
      ["the command's version", kofn, "--version"],
      ["a simulated run", kofn, ...run, ...few, "--backend", "simulated", "--name", "a"],
      ["a run on threads", kofn, ...run, ...few, "--backend", "threads", "--name", "b"],
      ["a run over the local Lambda", kofn, ...run, ...few, "--name", "c"],
      ["its prediction", kofn, "predict", "c", "rows.csv", "--output", "out.csv"],
      ["an ES module", "esm.mjs"],
      ["CommonJS", "cjs.cjs"],
    ] as const) {
      const { status, stderr } = spawnSync(node, args, { cwd: place, encoding: "utf8" });
      if (status !== 0) failed.push(what);
      console.log(`${status === 0 ? "ok  " : "FAIL"}  ${what} under Node ${nodeVersion}`);
      if (status !== 0) console.log(stderr);
    }
    return failed.length === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const trained = `train({ problem: "ridge", data: { source: "rows.csv", target: "y" }, workers: 4,
  stop: { rounds: 3 } }, { backend: "simulated" })`;
const programs = {
  "esm.mjs": `import { train } from "kofn";
await (await ${trained}).model();`,
  "cjs.cjs": `const { train } = require("kofn");
${trained}.then((one) => one.model());`,
};

function rows(): string {
  const lines = Array.from(
    { length: 80 },
    (_, i) => `${i % 7},${i % 2 ? "a" : "b"},${2 * (i % 7)}`,
  );
  return `x,kind,y\n${lines.join("\n")}\n`;
}

/** Node itself comes as a package; installed once. */
function installedNode(): string {
  const folder = join(tmpdir(), `kofn-node-${nodeVersion}`);
  const node = join(folder, "node_modules/node/bin/node");
  if (existsSync(node)) return node;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const quiet = ["--no-audit", "--no-fund"];
  const stdio = "ignore" as const;
  execFileSync("npm", ["install", ...quiet, `node@${nodeVersion}`], { cwd: folder, stdio });
  return node;
}
