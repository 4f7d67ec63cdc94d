import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, RunError } from "../core/errors.ts";

/** A model as files: relative names with their bytes. A format of one file names it "". */
export type ModelFiles = readonly { readonly name: string; readonly bytes: Uint8Array }[];

/** Writes a model's files to a path: one file, or a folder of several. */
export async function writeModelFiles(path: string, files: ModelFiles): Promise<void> {
  try {
    for (const { name, bytes } of files) {
      const file = name === "" ? path : join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
  } catch (cause) {
    throw new RunError("unwritable", `${path}: cannot be written: ${messageOf(cause)}`, {
      hint: "name another place by --output",
      cause,
    });
  }
}
