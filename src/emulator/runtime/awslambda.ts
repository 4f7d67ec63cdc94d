/** How Lambda's runtime knows a handler that writes its reply to a stream. */
export const streamingMark: unique symbol = Symbol.for("aws.lambda.runtime.handler.streaming");

/** The global object that bundles use to mark streaming handlers, as on Lambda. */
export function installAwslambda(): void {
  Object.defineProperty(globalThis, "awslambda", {
    // Writable as on Lambda: the AWS SDK assigns it to itself.
    writable: true,
    value: {
      streamifyResponse(handler: object): object {
        Reflect.set(handler, streamingMark, "response");
        return handler;
      },
    },
    configurable: true,
  });
}
