import { afterEach, vi } from "vitest";

const folder = process.cwd();

/** Files share a process: what a test has changed of it is as before when the next one begins. */
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  process.chdir(folder);
});
