import { RunError } from "../core/errors.ts";
import type { StageEngine } from "../model-parallel/staged-model.ts";

type Read = (key: string) => Promise<Uint8Array | null>;

/** Stages that a process keeps ready; an environment of Lambda has those of one worker. */
const openMax = 64;
const stageEngines = new Map<string, Promise<StageEngine>>();

/** The stage of this name, loaded the first time; those that were not asked for longest close. */
export async function stageEngine(
  name: string,
  load: () => Promise<StageEngine>,
): Promise<StageEngine> {
  const engine = stageEngines.get(name) ?? load();
  stageEngines.delete(name);
  stageEngines.set(name, engine);
  engine.catch(() => stageEngines.delete(name));
  for (const [oldest, idle] of stageEngines) {
    if (stageEngines.size <= openMax) break;
    stageEngines.delete(oldest);
    (await idle).close();
  }
  return engine;
}

/** The bytes of a stored network or stage. Throws `RunError` where they are gone. */
export async function readNetwork(read: Read, key: string): Promise<Uint8Array> {
  const bytes = await read(key);
  if (bytes !== null) return bytes;
  throw new RunError("network-gone", `${key} is not in the store`, {
    hint: "start the run anew from its spec: kofn run SPEC",
  });
}
