import { readFileSync } from "node:fs";

/** With fewer, Node itself waits for ever for one of its own threads to get what it opens. */
export const openFilesMin = 40;

/** How many files this process may have open; null where the platform does not tell. */
export function openFilesMax(): number | null {
  if (process.platform !== "linux") return null;
  const text = readFileSync("/proc/self/limits", "latin1");
  const soft = /^Max open files +(\d+)/m.exec(text)?.[1];
  return soft === undefined ? null : Number(soft);
}
