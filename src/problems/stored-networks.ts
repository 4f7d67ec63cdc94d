import { RunError } from "../core/errors.ts";
import type { StageEngine } from "../model-parallel/staged-model.ts";

type Read = (key: string) => Promise<Uint8Array | null>;

/** A network or a stage of one, which opens again by itself where it was closed. */
interface OpenNetwork {
  /** Of memory; 0 while it is closed. */
  readonly bytes: number;
  close(): void;
}

/** Networks that a process keeps open, whichever is used last among them. */
const openMax = 64;
/** Of those that wait to be used again; memory of WASM ends at 4 GB, and never shrinks. */
const idleBytesMax = 512 * 1024 * 1024;
const openNetworks = new Set<OpenNetwork>();
let newest: OpenNetwork | null = null;

/** Has a network count as the one that was used last; closes those that wait for longest. */
export function usedNetwork<T extends OpenNetwork>(network: T): T {
  if (network === newest) return network;
  newest = network;
  openNetworks.delete(network);
  openNetworks.add(network);
  let [count, bytes] = [1, 0];
  for (const idle of [...openNetworks].reverse().slice(1)) {
    count++;
    bytes += idle.bytes;
    if (count <= openMax && bytes <= idleBytesMax) continue;
    idle.close();
    openNetworks.delete(idle);
  }
  return network;
}

/** Closes all that this process keeps open; what is used again opens by itself. */
export function closeNetworks(): void {
  for (const network of openNetworks) network.close();
  openNetworks.clear();
  newest = null;
}

const stageEngines = new Map<string, Promise<StageEngine>>();

/** The stage of this name, loaded the first time. */
export async function stageEngine(
  name: string,
  load: () => Promise<StageEngine>,
): Promise<StageEngine> {
  const engine = stageEngines.get(name) ?? load();
  stageEngines.delete(name);
  stageEngines.set(name, engine);
  engine.catch(() => stageEngines.delete(name));
  for (const oldest of stageEngines.keys()) {
    if (stageEngines.size <= openMax) break;
    stageEngines.delete(oldest);
  }
  return usedNetwork(await engine);
}

/** The bytes of a stored network or stage. Throws `RunError` where they are gone. */
export async function readNetwork(read: Read, key: string): Promise<Uint8Array> {
  const bytes = await read(key);
  if (bytes !== null) return bytes;
  throw new RunError("network-gone", `${key} is not in the store`, {
    hint: "start the run anew from its spec: kofn run SPEC",
  });
}
