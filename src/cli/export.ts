import { exportRun } from "../model-export/export-run.ts";
import { formatNamed } from "../model-export/formats.ts";
import { publishModel } from "../model-export/publish.ts";
import { type Declare, runHelp } from "./command.ts";
import type { Terminal } from "./terminal.ts";

interface ExportCommandOptions {
  readonly format: string;
  readonly output?: string;
  readonly publish?: string;
}

export const declareExport: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--format <name>", "safetensors, onnx, hub, tfjs, npy or json", "safetensors")
    .option("--output <path>", "a file; for hub and tfjs a folder")
    .option("--publish <name>", "put it into the store instead, for the predictor function")
    .option("--stage <name>", "the deployed stage that has the run, instead of this home")
    .action((run, options) => invoke((terminal) => exportCommand(run, options, terminal)));
};

/** `kofn export RUN`: the model in a format that others read. */
export async function exportCommand(
  runName: string,
  { publish, ...options }: ExportCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const format = formatNamed(options.format);
  if (publish === undefined) {
    terminal.out(await exportRun(terminal, runName, { format, output: options.output }));
    return 0;
  }
  terminal.out(await publishModel(terminal, runName, publish));
  return 0;
}
