import { constants, existsSync } from "node:fs";
import { access, rm, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RunError } from "../../core/errors.ts";
import { makeOwnFolder } from "../../core/own-files.ts";
import { isServed, type RunHome, readHome } from "./home.ts";

/** Another process may only be reading; one that trains stays longer than this. */
const patienceMs = 3_000;
const pauseMs = 100;

/** The right to fill a home folder, until it holds something worth keeping. */
export interface HomeClaim {
  /** Removes the folder if it was not there before. */
  abandon(): Promise<void>;
}

/** Makes sure that this process may write to a home folder. Throws `RunError` otherwise. */
export async function claimHome(path: string): Promise<HomeClaim> {
  const wasThere = existsSync(path);
  try {
    makeOwnFolder(path);
    await access(path, constants.W_OK);
    if (!(await stat(path)).isDirectory()) throw new Error("it is not a folder");
  } catch (cause) {
    throw new RunError("home-unwritable", `${path}: cannot keep runs here: ${messageOf(cause)}`, {
      hint: "set KOFN_HOME to a folder this user may write to",
      cause,
    });
  }
  return {
    async abandon() {
      if (!wasThere) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Opens the home's own server once no other process serves it. */
export async function serveAlone<T>(path: string, open: () => Promise<T>): Promise<T> {
  return patiently(path, async () => ((await isServed(path)) ? undefined : open()));
}

/** Opens a home's store for reading, whoever serves it. */
export async function lookInto(path: string): Promise<RunHome> {
  return patiently(path, () => readHome(path));
}

async function patiently<T>(path: string, open: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = performance.now() + patienceMs; ; await sleep(pauseMs)) {
    try {
      const opened = await open();
      if (opened !== undefined) return opened;
    } catch (thrown) {
      if (!(thrown instanceof RunError) || thrown.code !== "root-in-use") throw thrown;
    }
    if (performance.now() < endMs) continue;
    throw new RunError("home-in-use", `${path}: another kofn process works in this home`, {
      hint: "wait until it is done (kofn watch latest), or set KOFN_HOME to another folder",
    });
  }
}
