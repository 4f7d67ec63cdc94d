import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const ricVersion = "4.0.2";
const tools = ["cmake", "autoconf", "automake", "libtoolize", "g++", "make"];

/**
 * AWS's runtime client, built once into a temporary folder that later runs find again. Null, with
 * a line that says why, where it cannot be built.
 */
export async function installedRic(): Promise<string | null> {
  const folder = join(tmpdir(), `kofn-aws-lambda-ric-${ricVersion}`);
  const entry = join(folder, "node_modules/aws-lambda-ric/index.mjs");
  const native = join(dirname(entry), "rapid-client.node");
  if (existsSync(native)) return entry;
  const missing = tools.filter((tool) => !isThere(tool));
  if (process.platform !== "linux" || missing.length > 0) {
    const why = missing.length > 0 ? `needs ${missing.join(", ")}` : "builds on Linux only";
    console.log(`skipped: aws-lambda-ric ${ricVersion} ${why}`);
    return null;
  }
  console.log(`building aws-lambda-ric ${ricVersion}, which takes some minutes`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  execFileSync("npm", ["install", "--no-audit", "--no-fund", `aws-lambda-ric@${ricVersion}`], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (!existsSync(native)) throw new Error(`${native} was not built: may npm run install scripts?`);
  return entry;
}

/**
 * A server for S3's API from Python's registry, in an environment of its own. Null, with a line
 * that says why, where there is no Python.
 */
export async function installedMoto(version: string): Promise<string | null> {
  return installedPython(`moto ${version}`, [`moto[server,s3]==${version}`], "bin/moto_server");
}

/**
 * A Python with these packages, in an environment of its own; null as for the others. Of `files`
 * only the files are wanted: what they need is left out, on which they may not agree.
 */
export function installedPackages(
  what: string,
  requirements: readonly string[],
  files: readonly string[] = [],
): string | null {
  return installedPython(what, requirements, "bin/python", files);
}

/** `what`, such as "moto 5.2.3", installed once; the path within it that is wanted. */
function installedPython(
  what: string,
  requirements: readonly string[],
  wanted: string,
  files: readonly string[] = [],
): string | null {
  const folder = join(tmpdir(), `kofn-${what.replaceAll(" ", "-")}`);
  const done = join(folder, "installed");
  if (existsSync(done)) return join(folder, wanted);
  if (!isThere("python3")) {
    console.log(`skipped: ${what} needs python3`);
    return null;
  }
  console.log(`installing ${what}`);
  const stdio: ["ignore", "ignore", "inherit"] = ["ignore", "ignore", "inherit"];
  execFileSync("python3", ["-m", "venv", folder], { stdio });
  const install = (...more: readonly string[]) =>
    execFileSync(join(folder, "bin/pip"), ["install", "--quiet", ...more], { stdio });
  install(...requirements);
  if (files.length > 0) install("--no-deps", ...files);
  writeFileSync(done, "");
  return join(folder, wanted);
}

/**
 * MinIO's server, compiled once from its module; at a low priority, as it takes ten minutes of a
 * processor. Null, with a line that says why, where Go is missing or its modules are out of reach.
 */
export async function installedMinio(version: string): Promise<string | null> {
  const folder = join(tmpdir(), `kofn-minio-${version}`);
  const server = join(folder, "minio");
  if (existsSync(server)) return server;
  if (!works("go", "version")) {
    console.log(`skipped: MinIO ${version} needs Go`);
    return null;
  }
  console.log(`compiling MinIO ${version}, which takes ten minutes`);
  const module = `github.com/minio/minio@${version}`;
  const built = spawnSync("nice", ["-n", "15", "go", "install", "-p", "1", module], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: "-trimpath" },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (built.status === 0 && existsSync(server)) return server;
  const why = built.error?.message ?? built.stderr.trim().split("\n").at(-1) ?? "";
  console.log(`skipped: MinIO ${version} could not be built: ${why.slice(0, 300)}`);
  return null;
}

function isThere(tool: string): boolean {
  const places = (process.env.PATH ?? "").split(delimiter);
  return places.some((place) => existsSync(join(place, tool))) && works(tool);
}

function works(tool: string, asked = "--version"): boolean {
  return spawnSync(tool, [asked], { stdio: "ignore" }).status === 0;
}
