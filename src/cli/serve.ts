import { loadModel } from "../library/model.ts";
import { serve } from "../library/serve.ts";
import { type Declare, portOf, runHelp } from "./command.ts";
import { interrupts, type Terminal } from "./terminal.ts";

export const declareServe: Declare = (command, invoke) => {
  command
    .description(
      "Answers predictions over HTTP: POST rows as JSON to /predict. Listens on this machine " +
        "alone unless --host says otherwise; there is no password.",
    )
    .argument("<RUN>", `${runHelp}, or the path of an exported model`)
    .option("--host <name>", "the address to listen on", "127.0.0.1")
    .option("--port <number>", "the port; 0 for any that is free", "8080")
    .action((run, options) => invoke((terminal) => serveCommand(run, options, terminal)));
};

/** `kofn serve RUN`: until Ctrl-C. */
export async function serveCommand(
  run: string,
  options: { readonly host: string; readonly port: string },
  terminal: Terminal,
): Promise<number> {
  const port = portOf(options.port);
  const model = await loadModel(run, { home: terminal.home });
  const served = await serve(model, { host: options.host, port });
  const stop = interrupts(terminal, "closing");
  try {
    terminal.out(`${model.run} answers at ${served.url}/predict`);
    const rows = JSON.stringify([model.example]).replaceAll("'", "\\u0027");
    const json = "-H content-type:application/json";
    terminal.err(`try: curl -s ${served.url}/predict ${json} -d '${rows}'`);
    if (!stop.signal.aborted)
      await new Promise<void>((resolve) => {
        stop.signal.addEventListener("abort", () => resolve(), { once: true });
      });
  } finally {
    stop.close();
    await served.close();
  }
  return 0;
}
