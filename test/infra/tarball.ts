import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { buildDist, currentDist } from "../../scripts/build.ts";
import { campaign } from "../campaign.ts";

const root = join(import.meta.dirname, "../..");

/** An npm that is run by this Node: the one that runs the tests, else the machine's. */
const npmPath = process.env.npm_execpath;

export function npm(cwd: string, ...args: string[]): { status: number | null; output: string } {
  const [command, first] =
    npmPath === undefined ? ["npm", []] : [process.execPath, [npmPath] as string[]];
  const { status, stdout, stderr } = spawnSync(command, [...first, ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, npm_config_loglevel: "error" },
  });
  return { status, output: `${stdout}${stderr}` };
}

export interface Packed {
  readonly tarball: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** The package as `npm publish` would send it, made of the sources as they are now. */
export async function packed(folder: string): Promise<Packed> {
  const source = join(folder, "source");
  mkdirSync(source);
  for (const name of ["package.json", "README.md", "LICENSE", "docs", "examples"])
    cpSync(join(root, name), join(source, name), { recursive: true });
  const built = currentDist();
  if (built !== null) cpSync(built, join(source, "dist"), { recursive: true });
  else await buildDist(join(source, "dist"), join(root, "dist/functions-bundled"));
  const { status, output } = npm(source, "pack", "--ignore-scripts", "--json");
  if (status !== 0) throw new Error(`npm pack: ${output}`);
  const [{ filename, files }] = JSON.parse(output) as [Packed & { filename: string }];
  return { tarball: join(source, filename), files };
}

/**
 * Puts a tarball into an empty folder as a user's npm does. In a campaign npm does, without a
 * network: from what it keeps of earlier installs. Else, and where that is nothing, the tarball is
 * unpacked by hand, and finds of this repository's packages those that it names as dependencies.
 */
export function installed(folder: string, tarball: string): string {
  const place = join(folder, "app");
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), '{ "private": true }');
  if (!campaign(false, true)) {
    unpack(tarball, join(place, "node_modules"));
    return place;
  }
  const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"];
  const { status, output } = npm(place, "install", ...quiet, tarball);
  if (status === 0) return place;
  if (!/ENOTCACHED|ENOCACHE/.test(output)) throw new Error(`npm install: ${output}`);
  unpack(tarball, join(place, "node_modules"));
  return place;
}

function unpack(tarball: string, modules: string): void {
  const kofn = join(modules, "kofn");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  mkdirSync(kofn);
  execFileSync("tar", ["-xzf", tarball, "-C", kofn, "--strip-components=1"]);
  symlinkSync("../kofn/dist/src/cli/main.js", join(modules, ".bin/kofn"));
  const { dependencies } = JSON.parse(readFileSync(join(kofn, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
}

/** Writes files into an installed place, and runs Node there; lists the modules that it loaded. */
export function programs(place: string, texts: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(place, name), text);
  const list = join(place, "loaded.txt");
  const hook = `import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) {
  appendFileSync(${JSON.stringify(list)}, url + "\\n");
  return next(url, context);
} });`;
  writeFileSync(join(place, "hook.mjs"), hook);
  return (...args: string[]) => {
    writeFileSync(list, "");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", join(place, "hook.mjs"), ...args],
      { cwd: place, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
    );
    const loaded = readFileSync(list, "utf8").split("\n");
    return { status, output: `${stdout}${stderr}`, loaded: loaded.filter((url) => url !== "") };
  };
}

/** Names of files in a folder of the installed place, at any depth. */
export function filesBelow(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
}
