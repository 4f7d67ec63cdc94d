import { flushCompileCache } from "node:module";
import { awaitedLater } from "../../core/awaited-later.ts";
import { loadHandler } from "./handler.ts";
import { openRuntimeClient } from "./runtime-client.ts";
import { onceNeeded, serve } from "./serve.ts";

/** What runs inside a local environment. */

// Connected ahead of need.
const client = openRuntimeClient(process.env.AWS_LAMBDA_RUNTIME_API ?? "");
// A failure is reported once the environment is needed.
const handler = awaitedLater(
  loadHandler(process.env.LAMBDA_TASK_ROOT ?? ".", process.env._HANDLER ?? ""),
);

let isFirst = true;
const onAnswered = () => {
  // Environments end by being killed, which is too late to keep what was compiled.
  if (isFirst) flushCompileCache();
  isFirst = false;
};

onceNeeded(() => serve(client, { handler, onAnswered }));
