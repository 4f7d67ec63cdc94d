import { type ForkOptions, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCachePath } from "../../core/compile-cache.ts";
import { entryBeside } from "../../core/entries.ts";
import { RunError } from "../../core/errors.ts";
import { closeOwnFolder, ownFile } from "../../core/own-files.ts";
import { variablesOf } from "../../emulator/lambda/function-config.ts";
import { deployed } from "../cloud/deployed.ts";
import { loadsMembers, ownModules } from "./own-modules.ts";

/** The functions that compute with members. */
export type WorkerName = "worker" | "network-worker";

/** A member of a family, as a spec names it. */
interface NamedMember {
  readonly family: string;
  readonly type: string;
}

export interface MembersQuestion {
  /** Their addresses. */
  readonly modules: readonly string[];
  readonly members: readonly NamedMember[];
}

export type MembersAnswer =
  | { readonly unknown: readonly NamedMember[] }
  /** The module that a worker cannot load, and why. */
  | { readonly module: string; readonly reason: string };

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const workerFunction = new URL(`../cloud/worker-function.${extension}`, import.meta.url);

/**
 * A function's folder whose worker loads a program's own modules, and shares with them the modules
 * of this package, so that what they register it knows. The bundle holds registries of its own.
 */
export function ownWorkerFolder(home: string, name: WorkerName): string {
  const text = [
    ...ownModules().map((address) => `import ${JSON.stringify(address)};`),
    `import { createWorkerFunction } from ${JSON.stringify(workerFunction.href)};`,
    `export const handler = createWorkerFunction({ bucket: process.env.KOFN_BUCKET ?? "kofn" });`,
    "",
  ].join("\n");
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const folder = resolve(home, "own-workers", digest);
  closeOwnFolder(folder);
  const path = join(folder, `${name}.mjs`);
  // Another run of the home may be loading the same one.
  writeFileSync(`${path}.${process.pid}`, text, { mode: ownFile });
  renameSync(`${path}.${process.pid}`, path);
  return folder;
}

/**
 * Refuses members that workers would not know, and modules that they could not load: both are tried
 * in a process that is like a worker's. Throws `RunError`.
 */
export async function checkWorkersKnow(
  members: readonly NamedMember[],
  { backend, home }: { readonly backend: string; readonly home: string },
): Promise<void> {
  const modules = ownModules();
  const options = backend === "emulated" ? inFunction(home) : {};
  const answer = await asked({ modules, members }, options);
  if ("reason" in answer)
    throw new RunError(
      "bad-module",
      `${shown(answer.module)}: workers of backend ${backend} cannot load it: ${answer.reason}`,
      {
        hint:
          "mend the module; a worker loads it with node alone, in a folder of its own and " +
          "without the program's variables",
      },
    );
  const [first] = answer.unknown;
  if (first === undefined) return;
  throw new RunError(
    "bad-combination",
    `${first.family} ${first.type}: workers of backend ${backend} do not know it, as none of ` +
      `${modules.map(shown).join(", ")} registers it`,
    {
      hint:
        "register it in a module that registerModule(path) loads, and that imports the kofn of " +
        fileURLToPath(new URL("../../..", import.meta.url)),
    },
  );
}

/**
 * The emulator's processes have no flags of this one, and other variables. What they compile is
 * kept, as in every environment.
 */
function inFunction(home: string): ForkOptions {
  const directory = ownWorkerFolder(home, "worker");
  const { memoryMb, timeoutMs, handler } = deployed.worker;
  const env = variablesOf("worker", "$LATEST", { directory, memoryMb, timeoutMs, handler });
  const kept = { NODE_COMPILE_CACHE: compileCachePath() };
  return { execArgv: [], cwd: directory, env: { ...env, ...kept } };
}

function asked(question: MembersQuestion, options: ForkOptions): Promise<MembersAnswer> {
  const child = fork(entryBeside(import.meta.url, "members-child", false), {
    ...options,
    env: { ...(options.env ?? process.env), [loadsMembers]: "1" },
    // What modules print, they have printed here.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  return new Promise((answer) => {
    const [module = ""] = question.modules;
    child.once("message", (value) => answer(value as MembersAnswer));
    child.once("error", ({ message }) => answer({ module, reason: message }));
    child.once("exit", (code, signal) =>
      answer({ module, reason: `its process has ended: ${signal ?? code}` }),
    );
    child.send(question);
  });
}

function shown(address: string): string {
  return address.startsWith("file:") ? fileURLToPath(address) : address;
}
