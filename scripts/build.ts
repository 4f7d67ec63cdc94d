import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { buildPage } from "../src/report/page-bundle.ts";
import { buildCli } from "./build-cli.ts";
import { buildFunctions } from "./build-functions.ts";
import { buildInfra } from "./build-infra.ts";
import { buildKernels } from "./build-kernels.ts";
import { leftoversFile, replaceFiles } from "./replace-files.ts";

/*
 * `npm run build` makes `dist` anew. `--if-changed` does nothing where dist is of these very
 * sources: npm asks for a build before `npx kofn` in a clone, too. `--without-leftovers` removes
 * at once what earlier builds left: npm asks for that before it packs.
 */

const root = dirname(import.meta.dirname);
const dist = join(root, "dist");
const stampFile = "built-from";
const inputs = ["src", "functions", "infra", "scripts", "package-lock.json", "tsconfig*.json"];

/**
 * Writes to a folder what a package holds of code: dist as it is after `npm run build`. Where
 * `functions` is given, what runs on Lambda is copied from there, and types go unchecked.
 */
export async function buildDist(to: string, functions?: string): Promise<void> {
  await buildKernels();
  const bundles = join(to, "functions-bundled");
  if (functions === undefined) await buildFunctions(bundles);
  else cpSync(functions, bundles, { recursive: true });
  compile("--outDir", to, ...(functions === undefined ? [] : ["--noCheck"]));
  await buildInfra(join(to, "infra"));
  buildPage(join(to, "src/report"));
  await buildCli(to);
}

function compile(...options: readonly string[]): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const all = [tsc, "-p", "tsconfig.build.json", ...options];
  execFileSync(process.execPath, all, { cwd: root, stdio: "inherit" });
}

/** Next to dependencies, so that files move to `dist` within one file system. */
export function stagingFolder(): string {
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, "kofn-build-"));
}

/** Of every file that a build reads, by name and content. */
function digestOfInputs(): string {
  const digest = createHash("sha256").update(process.version);
  const named = inputs.flatMap((name) => globSync([name, `${name}/**`], { cwd: root }));
  for (const file of [...new Set(named)].sort()) {
    if (!/\.(ts|json|as|css)$/.test(file) || file.endsWith("kernels/binary.ts")) continue;
    digest
      .update(file)
      .update("\0")
      .update(readFileSync(join(root, file)));
  }
  return digest.digest("hex");
}

/** Whether `dist` is of the sources as they are now, given their digest. */
function isOf(digest: string): boolean {
  const stamp = join(dist, stampFile);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
}

/** Whether `dist` is of the sources as they are now, whatever it holds besides. */
export function isBuilt(): boolean {
  return isOf(digestOfInputs());
}

/** `dist` where it is of the sources as they are now, and holds nothing else; null where not. */
export function currentDist(): string | null {
  const isClean = !existsSync(join(dist, leftoversFile));
  return isClean && isBuilt() ? dist : null;
}

/** Says that `dist` is of these sources no more: something in it was made anew. */
export function forgetBuild(): void {
  rmSync(join(dist, stampFile), { force: true });
}

async function build(options: ReadonlySet<string>): Promise<void> {
  const digest = digestOfInputs();
  if (options.has("--if-changed") && isOf(digest)) return;
  const staging = stagingFolder();
  await buildDist(staging);
  writeFileSync(join(staging, stampFile), digest);
  replaceFiles(staging, dist, { keepsLeftovers: !options.has("--without-leftovers") });
}

if (import.meta.main) await build(new Set(process.argv.slice(2)));
