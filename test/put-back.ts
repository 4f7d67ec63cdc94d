import fc from "fast-check";
import { afterEach, vi } from "vitest";
import { campaign } from "./campaign.ts";

const folder = process.cwd();

// A change is judged by what it changed: only a campaign draws other inputs than the time before.
fc.configureGlobal(campaign({ seed: 1 }, {}));

/** Files share a process: what a test has changed of it is as before when the next one begins. */
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  process.chdir(folder);
});
