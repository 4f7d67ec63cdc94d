import { flushCompileCache } from "node:module";
import { awaitedLater } from "../../core/awaited-later.ts";
import { contextOf, type LambdaContext, loadHandler, streamingMark } from "./handler.ts";
import {
  errorReport,
  type Invocation,
  openRuntimeClient,
  type RuntimeClient,
} from "./runtime-client.ts";

/**
 * What runs inside a local environment: Lambda's loop over the Runtime API. Over a channel to its
 * parent it starts ahead of need, serves when told to, and ends with the parent.
 */
const client = openRuntimeClient(process.env.AWS_LAMBDA_RUNTIME_API ?? "");
// A failure is reported once the environment is needed.
const loading = awaitedLater(
  loadHandler(process.env.LAMBDA_TASK_ROOT ?? ".", process.env._HANDLER ?? ""),
);

if (process.connected) {
  process.once("disconnect", () => process.exit(0));
  process.once("message", () => start());
} else start();

function start(): void {
  serve().catch((thrown: unknown) => {
    console.error(thrown);
    process.exit(1);
  });
}

type Handler = (event: unknown, context: LambdaContext) => unknown;
type StreamingHandler = (event: unknown, stream: object, context: LambdaContext) => unknown;

async function serve(): Promise<void> {
  let handler: Handler;
  try {
    handler = await loading;
  } catch (thrown) {
    console.error(thrown);
    await client.failInit(errorReport(thrown));
    process.exit(1);
  }
  const streams = Reflect.get(handler, streamingMark) === "response";
  for (let first = true; ; first = false) {
    const invocation = await client.next();
    await (streams ? stream(client, handler, invocation) : answer(client, handler, invocation));
    // Environments end by being killed, which is too late to keep what was compiled.
    if (first) flushCompileCache();
  }
}

async function answer(client: RuntimeClient, handler: Handler, invocation: Invocation) {
  let reply: string;
  try {
    const result = await handler(invocation.event(), contextOf(invocation));
    reply = JSON.stringify(result) ?? "null";
  } catch (thrown) {
    console.error(thrown);
    return client.fail(invocation.requestId, errorReport(thrown));
  }
  return client.respond(invocation.requestId, reply);
}

async function stream(client: RuntimeClient, handler: Handler, invocation: Invocation) {
  const reply = client.stream(invocation.requestId);
  try {
    const result = (handler as unknown as StreamingHandler)(
      invocation.event(),
      reply.writable,
      contextOf(invocation),
    );
    await result;
  } catch (thrown) {
    console.error(thrown);
    return reply.fail(errorReport(thrown));
  }
  return reply.finished();
}
