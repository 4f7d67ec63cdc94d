import { RunError } from "../../core/errors.ts";
import { nearest } from "../../core/text.ts";
import { bounds } from "../../limits.ts";
import type { Backend, BackendOptions } from "../backend.ts";

/** A backend is loaded when chosen: a simulation needs no SDK, the emulator no simulator. */
const openers: Readonly<Record<string, (options: BackendOptions) => Promise<Backend>>> = {
  emulated: async (options) => (await import("./emulated.ts")).emulatedBackend(options),
  threads: async (options) => (await import("./threads.ts")).threadsBackend(options),
  simulated: async (options) => (await import("./simulated.ts")).simulatedBackend(options),
};

export const computeBackendNames = Object.keys(openers);

/** Throws `RunError` for an unknown backend. */
export function checkBackend(name: string): string {
  if (Object.hasOwn(openers, name)) return name;
  throw new RunError("unknown-backend", `--backend: there is no backend called "${name}"`, {
    hint: `${nearest(name, computeBackendNames)}choose one of ${computeBackendNames.join(", ")}`,
  });
}

export async function openComputeBackend(name: string, options: BackendOptions): Promise<Backend> {
  checkBackend(name);
  const { workers } = options.spec;
  if (name !== "simulated" && workers > bounds.workersMax) {
    throw new RunError(
      "too-many-workers",
      `workers: ${workers}, expected at most ${bounds.workersMax}`,
      {
        hint: "only a simulation has more: kofn simulate, or --backend simulated",
      },
    );
  }
  return openers[name]!(options);
}
