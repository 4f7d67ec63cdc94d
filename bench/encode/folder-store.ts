import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Store } from "../../src/ports/store.ts";

/** Objects as files, without the promises about crashes that a real store makes. */
export function folderStore(root: string): Store {
  const place = (key: string) => join(root, key);
  const write = async (key: string, bytes: Uint8Array) => {
    await mkdir(dirname(place(key)), { recursive: true });
    await writeFile(place(key), bytes);
  };
  return {
    write,
    async read(key) {
      return readFile(place(key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
    },
    async writeOnce(key, bytes) {
      await write(key, bytes);
      return true;
    },
    async list(prefix) {
      const names = await readdir(place(prefix)).catch((): string[] => []);
      return names.map((name) => prefix + name).sort();
    },
    async remove(key) {
      await rm(place(key), { force: true });
    },
  };
}
