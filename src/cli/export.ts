import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, RunError } from "../core/errors.ts";
import { nearest } from "../core/text.ts";
import { readTrainedModel } from "../platform/training/model.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { type Declare, runHelp } from "./command.ts";
import { exportFormats } from "./export-formats.ts";
import type { Terminal } from "./terminal.ts";

export const declareExport: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--format <name>", "safetensors, npy, tfjs or json", "safetensors")
    .option("--output <path>", "a file; for tfjs a folder")
    .action((run, options) => invoke((terminal) => exportModel(run, options, terminal)));
};

/** `kofn export RUN`: the model in a format that others read. */
export async function exportModel(
  runName: string,
  options: { readonly format: string; readonly output?: string },
  terminal: Terminal,
): Promise<number> {
  const format = exportFormats.find(({ name }) => name === options.format);
  if (format === undefined) {
    const names = exportFormats.map(({ name }) => name);
    throw new RunError("unknown-format", `--format: there is no format "${options.format}"`, {
      hint: `${nearest(options.format, names)}choose one of ${names.join(", ")}`,
    });
  }
  const model = await withOpenRun(terminal, runName, ({ store }, { run }) =>
    readTrainedModel(store, run),
  );
  const path = options.output ?? format.defaultPath(model.run);
  const files = format.files(model);
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
  terminal.out(path);
  return 0;
}
