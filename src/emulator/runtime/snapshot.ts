import { startupSnapshot } from "node:v8";
import { installAwslambda } from "./handler.ts";
import { type Rehearsal, rehearse } from "./rehearsal.ts";
import { openRuntimeClient } from "./runtime-client.ts";
import { type Handler, onceNeeded, serve } from "./serve.ts";

/** Asked for once they are used, elsewhere: here before the snapshot is taken. */
const builtins = ["net", "crypto"];

/**
 * For a script that Node runs to take a startup snapshot of a function: it has loaded the
 * function's modules, answers one event, and is left there. Each environment that starts from the
 * snapshot makes its handler by `load`, from its own variables, and serves as any other.
 */
export async function keepLoaded(load: () => unknown, rehearsal: Rehearsal): Promise<void> {
  for (const name of builtins) process.getBuiltinModule(name);
  startupSnapshot.setDeserializeMainFunction(() => {
    installAwslambda();
    const client = openRuntimeClient(process.env.AWS_LAMBDA_RUNTIME_API ?? "");
    const handler = load() as Handler;
    onceNeeded(() => serve(client, { handler }));
  });
  installAwslambda();
  await rehearse(() => load() as Handler, rehearsal);
}
