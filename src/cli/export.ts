import { exportRun } from "../model-export/export-run.ts";
import { formatNamed } from "../model-export/formats.ts";
import { type Declare, runHelp } from "./command.ts";
import type { Terminal } from "./terminal.ts";

export const declareExport: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--format <name>", "safetensors, onnx, hub, tfjs, npy or json", "safetensors")
    .option("--output <path>", "a file; for hub and tfjs a folder")
    .action((run, options) => invoke((terminal) => exportCommand(run, options, terminal)));
};

/** `kofn export RUN`: the model in a format that others read. */
export async function exportCommand(
  runName: string,
  options: { readonly format: string; readonly output?: string },
  terminal: Terminal,
): Promise<number> {
  const format = formatNamed(options.format);
  terminal.out(await exportRun(terminal, runName, { format, output: options.output }));
  return 0;
}
