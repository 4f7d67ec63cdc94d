import { contextOf, type LambdaContext, streamingMark } from "./handler.ts";
import { errorReport, type Invocation, type RuntimeClient } from "./runtime-client.ts";

export type Handler = (event: unknown, context: LambdaContext) => unknown;
type StreamingHandler = (event: unknown, stream: object, context: LambdaContext) => unknown;

export interface Served {
  readonly handler: Promise<Handler> | Handler;
  /** Called after each event. */
  readonly onAnswered?: () => void;
  /** How many events there are; without end where absent. */
  readonly events?: number;
}

/**
 * Lambda's loop over the Runtime API: waits for an event, calls the handler, replies.
 * Rejects where the API ends; a handler that cannot be loaded is reported, and ends the process.
 */
export async function serve(client: RuntimeClient, { onAnswered, events, ...served }: Served) {
  let handler: Handler;
  try {
    handler = await served.handler;
  } catch (thrown) {
    console.error(thrown);
    await client.failInit(errorReport(thrown));
    process.exit(1);
  }
  const streams = Reflect.get(handler, streamingMark) === "response";
  for (let count = 0; count < (events ?? Number.POSITIVE_INFINITY); count++) {
    const invocation = await client.next();
    await (streams ? stream(client, handler, invocation) : answer(client, handler, invocation));
    onAnswered?.();
  }
}

/**
 * Calls `start` once the environment is needed: over a channel to its parent a process begins ahead
 * of need, serves when told to, and ends with the parent.
 */
export function onceNeeded(start: () => Promise<void>): void {
  const started = () => {
    start().catch((thrown: unknown) => {
      console.error(thrown);
      process.exit(1);
    });
  };
  if (process.connected) {
    process.once("disconnect", () => process.exit(0));
    process.once("message", started);
  } else started();
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
