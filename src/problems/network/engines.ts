import type { Engine } from "../../tfjs/engine.ts";
import { readNetwork, usedNetwork } from "../stored-networks.ts";
import { losses, overRows } from "./losses.ts";
import { type NetworkOptions, networkFactsOf, outputsOf } from "./network-options.ts";

/** The engines that this process opened: whoever names the same network finds it ready. */
const opened = new Map<string, Engine>();
const opening = new Map<string, Promise<Engine>>();

/** The engine of a network that was made ready. */
export function engineOf(options: NetworkOptions): Engine {
  const engine = opened.get(nameOf(options));
  if (engine !== undefined) return usedNetwork(engine);
  throw new Error(`the network ${nameOf(options)} was not made ready`);
}

/** Loads what computes networks, and this one from the store; the second time it costs nothing. */
export async function openEngineOf(
  options: NetworkOptions,
  read: (key: string) => Promise<Uint8Array | null>,
): Promise<void> {
  const name = nameOf(options);
  if (opened.has(name)) return;
  const pending = opening.get(name) ?? load(options, read);
  opening.set(name, pending);
  try {
    opened.set(name, usedNetwork(await pending));
  } finally {
    opening.delete(name);
  }
}

/** What networks would be computed with on this machine, and why that. */
export async function networkBackendHere(): Promise<{ name: string; why: string }> {
  const { openTensorBackend } = await import("../../tfjs/backend.ts");
  return openTensorBackend("auto");
}

async function load(
  options: NetworkOptions,
  read: (key: string) => Promise<Uint8Array | null>,
): Promise<Engine> {
  const { key } = networkFactsOf(options);
  const bytes = await readNetwork(read, key);
  const { openEngine } = await import("../../tfjs/engine.ts");
  const { positions, width } = outputsOf(options);
  const loss = losses[options.loss];
  return openEngine(bytes, key, {
    backend: options.backend,
    engine: options.engine,
    loss: overRows(loss, positions, width),
    takesLink: loss.link !== undefined,
  });
}

function nameOf(options: NetworkOptions): string {
  return JSON.stringify([
    networkFactsOf(options).key,
    options.loss,
    options.backend,
    options.engine,
  ]);
}
